"""Debian's nginx, with the configuration that operators copy."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.architecture.source_tree import ROOT
from tests.support.presence import absent

GUIDE = ROOT / "docs" / "guides" / "nginx.conf"
_FRAME = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/ipse.conf;
}}
"""


@asynccontextmanager
async def nginx(folder: Path, *, tls: tuple[str, str], scheme: int, ports: dict[str, int]) -> AsyncIterator[None]:
    """Run nginx with the guide's configuration.

    Changed is only what an operator changes, and the ports: certificate and key in `tls`, where the scheme listens, and
    a port for each server name.
    """
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        absent("nginx", "run `make test` as root, or `apt-get install nginx-light`")
    text = GUIDE.read_text(encoding="utf-8").replace("/etc/ipse/tls.pem", tls[0]).replace("/etc/ipse/tls.key", tls[1])
    text = text.replace("http://127.0.0.1:8000;", f"http://127.0.0.1:{scheme};")
    for name, port in ports.items():
        text, found = re.subn(
            rf"listen 443 ssl;(\s+server_name {re.escape(name)};)", rf"listen 127.0.0.1:{port} ssl;\1", text
        )
        assert found == 1, name
    (folder / "ipse.conf").write_text(text, encoding="utf-8")
    frame = folder / "frame.conf"
    frame.write_text(_FRAME.format(folder=folder), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        program, "-p", str(folder), "-c", str(frame), stderr=asyncio.subprocess.PIPE
    )
    try:
        await _reachable(process, next(iter(ports.values())))
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _reachable(process: asyncio.subprocess.Process, port: int) -> None:
    for _ in range(200):
        if process.returncode is not None:
            assert process.stderr is not None
            raise AssertionError((await process.stderr.read()).decode())
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise AssertionError("nginx does not listen")
