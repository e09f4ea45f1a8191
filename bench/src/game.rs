//! A game: the original grammar over one TCP connection.

use std::time::Instant;

use anyhow::{Context as _, bail};
use protocol::{
    limits::MAX_LINE_BYTES,
    line::{Command, LineDecoder, Reply, encode_logs, parse_reply, write_command},
    model::{Key, Level, LogEntry},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc::UnboundedSender,
};

/// A line of edits, and when it came.
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) line: Vec<u8>,
}

/// A connected and verified game.
pub(crate) struct Game {
    key: Key,
    writer: OwnedWriteHalf,
}

impl Game {
    /// Connects, verifies, declares its variable; from then on every edit goes to `arrivals`.
    pub(crate) async fn connect(
        address: &str,
        key: Key,
        declaration: &str,
        arrivals: UnboundedSender<Arrival>,
    ) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("the games' port")?;
        stream.set_nodelay(true)?;
        let (reader, mut writer) = stream.into_split();
        let mut greeting = Vec::new();
        write_command(&mut greeting, &Command::Verify { key });
        write_command(&mut greeting, &Command::Report { key, seq: None, payload: declaration.as_bytes() });
        writer.write_all(&greeting).await?;
        let mut lines = Incoming { reader, decoder: LineDecoder::new(MAX_LINE_BYTES) };
        let answer = lines.next().await?.context("the server hung up")?;
        if parse_reply(&answer) != Ok(Reply::Ok) {
            bail!("the server said {}", String::from_utf8_lossy(&answer));
        }
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next().await {
                if arrivals.send(Arrival { at: Instant::now(), line }).is_err() {
                    return;
                }
            }
        });
        Ok(Self { key, writer })
    }

    /// Logs one message.
    pub(crate) async fn log(&mut self, message: &str) -> anyhow::Result<()> {
        let entry = LogEntry { message: message.to_owned(), level: Level::Info, at: None, fields: None };
        let (key, payload, mut line) = (self.key, encode_logs(&[entry]), Vec::new());
        write_command(&mut line, &Command::Log { key, seq: None, payload: payload.as_bytes() });
        Ok(self.writer.write_all(&line).await?)
    }
}

struct Incoming {
    reader: OwnedReadHalf,
    decoder: LineDecoder,
}

impl Incoming {
    async fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut bytes = [0; 1024];
        loop {
            match self.decoder.next_line() {
                Some(Ok(line)) => return Ok(Some(line)),
                Some(Err(_)) => bail!("a line is too long"),
                None => {}
            }
            match self.reader.read(&mut bytes).await? {
                0 => return Ok(None),
                count => self.decoder.feed(&bytes[..count]),
            }
        }
    }
}
