//! Log lines about refused lines.

use std::net::SocketAddr;

use gateway::GameLine;
use protocol::{ErrorCode, ProtocolError};

/// The codes that were already logged for a connection: a game that repeats a mistake a thousand times per second is worth one
/// log line.
#[derive(Debug, Default)]
pub(super) struct RefusalLog {
    codes: u32,
}

const _: () = assert!(ErrorCode::ALL.len() <= u32::BITS as usize, "a bit for each code");

impl RefusalLog {
    /// Whether this is the first refusal with this code.
    fn is_first(&mut self, code: ErrorCode) -> bool {
        let bit = 1 << code as u32;
        let is_first = self.codes & bit == 0;
        self.codes |= bit;
        is_first
    }

    /// Logs a refusal, the first of its code on this connection.
    pub(super) fn log(&mut self, peer: SocketAddr, game: Option<&GameLine>, error: &ProtocolError) {
        if !self.is_first(error.code) {
            return;
        }
        // quoted, so that a game's text can't start a log line
        let (code, text) = (error.code.as_str(), &error.text);
        match game {
            Some(game) => {
                let (project, device) = (game.project().0, game.device().0);
                tracing::info!(%peer, project, device, code, ?text, "refused a line from a game; further refusals with this code are only counted");
            }
            None => {
                tracing::info!(%peer, code, ?text, "refused a line from an unverified game; further refusals with this code are only counted");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_told_once() {
        let mut told = RefusalLog::default();
        let firsts =
            |told: &mut RefusalLog| ErrorCode::ALL.iter().filter(|code| told.is_first(**code)).count();
        assert_eq!(firsts(&mut told), ErrorCode::ALL.len());
        assert_eq!(firsts(&mut told), 0);
    }
}
