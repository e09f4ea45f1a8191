//! Lines, from the decoder to the gateway: each is taken in at once, or waits until there is room for it.

use gateway::{Content, GameLine, GatewayError, Room};
use protocol::ErrorCode;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Connection, End, Waiting};
use crate::{
    clock::instant,
    ingest::conversation::{ContentLine, Effect, Now, OutcomesLine},
};

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// Serves every complete line, up to the first that has to wait.
    pub(super) async fn serve_lines(&mut self) -> Result<(), End> {
        while self.waiting.is_none()
            && let Some(line) = self.lines.next_line()
        {
            let now = self.now();
            let effect = self.out.add(now.instant, |out| match line {
                Ok(line) => self.conversation.on_line(line, now, out),
                Err(too_long) => self.conversation.on_line_too_long(&too_long, out),
            });
            self.obey(effect).await?;
        }
        Ok(())
    }

    /// The stream has ended: what follows the last newline may be a complete line.
    pub(super) async fn take_last_line(&mut self) -> Result<(), End> {
        if self.waiting.is_some() {
            return Ok(());
        }
        let Some(line) = self.lines.take_rest() else { return Ok(()) };
        let now = self.now();
        let effect = self.out.add(now.instant, |out| self.conversation.on_last_line(line, now, out));
        self.obey(effect).await
    }

    fn now(&self) -> Now {
        Now { instant: instant(), unix: self.gateway.now() }
    }

    async fn obey(&mut self, effect: Effect) -> Result<(), End> {
        self.tell_refused();
        self.end_if_closed(&effect)?;
        match effect {
            Effect::None | Effect::Close => {}
            Effect::Connect(key) => self.connect(key).await?,
            Effect::Store(line) => self.store(line)?,
            Effect::Applied { revision, round_trip } => {
                self.verified_game().record_applied(revision, Vec::new(), round_trip, None);
            }
            Effect::Outcomes(line) => match self.verified_game().try_reserve(line.payload.len()) {
                Ok(room) => self.take_outcomes(&line, room),
                Err(_) => self.wait_for_room(line.payload.len(), Waiting::Outcomes(line)),
            },
            Effect::ActionDone { id, outcome } => self.verified_game().record_action(id, outcome),
        }
        Ok(())
    }

    pub(super) fn verified_game(&mut self) -> &mut GameLine {
        self.game.as_mut().expect("the conversation lets this through only once it is verified")
    }

    /// Takes a line in if there is room. A line without a number waits for room, which holds up the peer.
    fn store(&mut self, line: ContentLine) -> Result<(), End> {
        let bytes = line.payload.len();
        match (self.verified_game().try_reserve(bytes), line.seq) {
            (Ok(room), _) => self.take(&line, room),
            (Err(code), Some(_)) => {
                self.out.add(instant(), |out| self.conversation.not_taken(code, instant(), out));
                Ok(())
            }
            (Err(_), None) => {
                self.wait_for_room(bytes, Waiting::Content(line));
                Ok(())
            }
        }
    }

    fn wait_for_room(&mut self, bytes: usize, waiting: Waiting) {
        let room = Box::pin(self.verified_game().reserve(bytes));
        self.waiting = Some((waiting, room));
    }

    fn take_outcomes(&mut self, line: &OutcomesLine, room: Room) {
        let read = self.out.add(instant(), |out| self.conversation.read_outcomes(line, out));
        if let Some((outcomes, round_trip)) = read {
            self.verified_game().record_applied(line.revision, outcomes, round_trip, Some(room));
        }
    }

    fn take(&mut self, line: &ContentLine, room: Room) -> Result<(), End> {
        let content = self.out.add(instant(), |out| self.conversation.read(line, out));
        let Some(content) = content else { return Ok(()) };
        self.submit(line, content, room);
        Ok(())
    }

    fn submit(&mut self, line: &ContentLine, content: Content, room: Room) {
        let submitted = self.verified_game().submit(room, line.seq, content);
        self.out.add(instant(), |out| match submitted {
            Ok(None) => {}
            Ok(Some(left_out)) => self.conversation.refuse_part(line, left_out, out),
            Err(error) => self.conversation.refuse_line(line, error, out),
        });
    }

    pub(super) async fn on_room(&mut self, room: Result<Room, GatewayError>) -> Result<(), End> {
        let Some((waiting, _)) = self.waiting.take() else { return Ok(()) };
        match (room, waiting) {
            (Ok(room), Waiting::Content(line)) => self.take(&line, room)?,
            (Ok(room), Waiting::Outcomes(line)) => self.take_outcomes(&line, room),
            (Err(error), _) => return self.refuse(error),
        }
        self.serve_lines().await?;
        self.hold_unread()?;
        self.end_if_settled()
    }

    /// Counts what is read and not yet taken in, and what is still to be sent to this game alone; if there is no memory for it, the
    /// game is told to come back later.
    pub(super) fn hold_unread(&mut self) -> Result<(), End> {
        let waiting = self.waiting.as_ref().map_or(0, |(waiting, _)| waiting.payload().capacity());
        if self.unread.hold(self.lines.held_bytes() + waiting + self.out.own_bytes()) {
            return Ok(());
        }
        let text = "the server has no memory for what this game sends and does not read; connect again later";
        Err(self.say_last(ErrorCode::Busy, text))
    }
}
