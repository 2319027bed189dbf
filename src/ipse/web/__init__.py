"""Pages and plain HTTP manners that every front door shares: routes, problems, pages, languages, cookies, limits.

Start with `edge.Edge` (the outermost middleware) and `routes.Route` (who may call, how often). No tables here:
sessions and durable limits belong to a feature.
"""
