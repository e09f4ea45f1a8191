import net from "node:net";
import readline from "node:readline";

const game = net.connect(PORT, "HOST");
const send = (verb, payload) => game.write(`${verb}:KEY:${JSON.stringify(payload)}\n`);

game.write("v:KEY\n");
send("i", [
  { name: "speed", type: "float", value: 5, min: 0, max: 20, unit: "m/s" },
  { name: "god_mode", type: "boolean", value: false },
]);
send("l", [{ message: "hello from JavaScript", level: "info" }]);

readline.createInterface({ input: game }).on("line", (line) => {
  if (!line.startsWith("v:")) return;
  const edits = JSON.parse(Buffer.from(line.split(":")[2], "base64").toString());
  for (const edit of [edits].flat()) {
    console.log(edit.name, "=", edit.value);
    send("i", { [edit.name]: edit.value });
  }
});
