"""Settings of the embedded server: durable, local socket only, owner access only."""

from __future__ import annotations

from pathlib import Path

PORT = 5432  # a part of the socket's name; nothing listens on TCP
ROLE = "doorstep"

_CONF = """\
# Written by Doorstep at every start. Your own lines belong into local.conf beside this file.
data_directory = '{data}'
hba_file = '{etc}/pg_hba.conf'
ident_file = '{etc}/pg_ident.conf'
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
shared_preload_libraries = 'pg_stat_statements'
logging_collector = on
log_directory = 'log'
log_filename = 'server-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
include_if_exists = '{etc}/local.conf'
"""


def write(folder: Path, *, data: Path, socket: Path, caller: str) -> Path:
    """Write the three files and return the main one; `caller` is the user of this machine who may connect.

    They are not in the data folder: what root writes, the server's account may read but not replace.
    """
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    conf = _CONF.format(data=_quoted(data), etc=_quoted(folder), socket=_quoted(socket), port=PORT)
    for name, text in (
        ("postgresql.conf", conf),
        ("pg_hba.conf", f"local all {ROLE} peer map=doorstep\n"),
        ("pg_ident.conf", "".join(f'doorstep "{name}" {ROLE}\n' for name in dict.fromkeys([caller, "root"]))),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    return folder / "postgresql.conf"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
