import base64, json, socket

game = socket.create_connection(("HOST", PORT))
variables = [
    {"name": "speed", "type": "float", "value": 5.0, "min": 0, "max": 20, "unit": "m/s"},
    {"name": "god_mode", "type": "boolean", "value": False},
]

def send(verb, payload):
    game.sendall(f"{verb}:KEY:{json.dumps(payload)}\n".encode())

game.sendall(b"v:KEY\n")
send("i", variables)
send("l", [{"message": "hello from Python", "level": "info"}])

for line in game.makefile():
    if line.startswith("v:"):
        edits = json.loads(base64.b64decode(line.split(":", 2)[2]))
        for edit in edits if isinstance(edits, list) else [edits]:
            print(edit["name"], "=", edit["value"])
            send("i", {edit["name"]: edit["value"]})
