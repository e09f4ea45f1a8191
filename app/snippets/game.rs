use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

fn main() -> std::io::Result<()> {
    let mut game = TcpStream::connect("HOST:PORT")?;
    game.write_all(concat!(
        "v:KEY\n",
        "i:KEY:[{\"name\":\"speed\",\"type\":\"float\",\"value\":5.0,\"min\":0,\"max\":20}]\n",
        "l:KEY:[{\"message\":\"hello from Rust\",\"level\":\"info\"}]\n",
    ).as_bytes())?;
    for line in BufReader::new(game.try_clone()?).lines() {
        // an edit is v:key:<base64 of {"name", "type", "value"}, or of an array of them>
        println!("{}", line?);
    }
    Ok(())
}
