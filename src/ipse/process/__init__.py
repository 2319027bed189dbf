"""What every process of ours does that serves: end when it is told, keep its memory to itself, bound connections.

`servers` signals and the lifeline · `connections` what one client may hold · `memory` no dumps · `times` whether the
machine's clock is right. It knows neither the scheme nor what is served.
"""
