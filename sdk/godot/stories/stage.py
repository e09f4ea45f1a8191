"""Connects a puppet in Godot with standard input and output: python3 stage.py GODOT ARGUMENT..."""

import socket
import subprocess
import sys

FAULTS = (b"SCRIPT ERROR", b"Parse Error", b"leaked")


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = sys.argv[1:] + [f"--port={listener.getsockname()[1]}"]
        puppet = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        listener.settimeout(60)
        connection, _ = listener.accept()
    with connection, connection.makefile("rwb") as lines:
        for command in sys.stdin.buffer:
            lines.write(command)
            lines.flush()
            sys.stdout.buffer.write(lines.readline())
            sys.stdout.buffer.flush()
    said, _ = puppet.communicate()
    # a script that fails goes on
    if puppet.returncode or any(fault in said for fault in FAULTS):
        sys.stderr.buffer.write(said)
        sys.exit(1)


main()
