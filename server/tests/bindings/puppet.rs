//! A program that plays the game: one command a line, one answer a line.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// Much longer than anything takes: valgrind slows a puppet down, and others play beside it.
pub const PATIENCE: Duration = Duration::from_secs(120);

async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event).await.unwrap_or_else(|_| panic!("in vain waited for {what}"))
}

pub struct Puppet {
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Puppet {
    pub fn start(words: &[String]) -> Self {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|why| panic!("{words:?}: {why}"));
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, commands, answers }
    }

    /// Its answer.
    pub async fn ask(&mut self, words: &[&str]) -> String {
        let line = words.join("\t") + "\n";
        soon("the puppet to listen", self.commands.write_all(line.as_bytes())).await.unwrap();
        let answer = soon("the puppet to answer", self.answers.next_line()).await.unwrap();
        answer.unwrap_or_else(|| panic!("the puppet ended at {words:?}"))
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        soon("the puppet to die", self.child.kill()).await.unwrap();
    }

    /// Lets it end by itself, which it must do well: no error of memory, and nothing that is left.
    pub async fn end(mut self) {
        drop(self.commands);
        let status = soon("the puppet to end", self.child.wait()).await.unwrap();
        assert!(status.success(), "the puppet: {status}");
    }
}
