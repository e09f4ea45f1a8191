//! Whether a project has memory for what its games say and its people want.

use std::sync::Arc;

use protocol::limits::MAX_PROJECT_BYTES;

use super::{
    super::weight::{Budget, Weight},
    State,
};

/// What a variable of a line would add.
#[derive(Clone, Copy, Debug)]
pub(super) struct More {
    /// To the declarations and values.
    pub(super) vars: Weight,
    /// To what the connection remembers.
    pub(super) said: Weight,
    /// The device has reported it before, and it is short: it is always taken.
    pub(super) is_small: bool,
}

impl State {
    /// From now on it counts in this one.
    pub(crate) fn join(&mut self, budget: &Arc<Budget>) {
        self.picture.held.join(budget);
        self.connections.said.join(budget);
    }

    /// What its declarations and values take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.picture.held.weight().bytes()
    }

    /// Whether a line may add this, beside what it has added so far.
    pub(super) fn has_room(&self, so_far: Weight, more: &More) -> bool {
        let is_more = more.vars.text > 0 || more.vars.entries > 0;
        let fits = !is_more || more.is_small || self.fits(so_far.text + more.vars.text);
        let bytes = more.vars.bytes() + more.said.bytes();
        fits && (bytes == 0 || self.has_memory(so_far.bytes() + bytes))
    }

    /// Whether the declarations and values may have so many bytes more.
    pub(super) fn fits(&self, more: usize) -> bool {
        self.picture.held.weight().text + self.connections.promised + more <= MAX_PROJECT_BYTES
    }

    fn has_memory(&self, more: usize) -> bool {
        let (vars, said) = (&self.picture.held, &self.connections.said);
        let (max, used) = (vars.budget().max_bytes(), vars.budget().used());
        let held = vars.weight().bytes() + said.weight().bytes() + self.connections.promised;
        held.saturating_add(more) <= vars.budget().project_bytes() && used.saturating_add(more) <= max
    }
}

#[cfg(test)]
mod tests {
    use protocol::{
        limits::MAX_VALUE_BYTES,
        line::parse_report,
        model::{
            Change, DeviceId, Outcome, ProjectId, Revision, UnixMicros, UserId, Value, VarName, VarRevision,
        },
    };

    use super::*;
    use crate::{
        live::{Seen, Speaker, test_live},
        store::{DeviceInfo, Write, Written},
    };

    const DEVICE: DeviceId = DeviceId(1);
    /// In quotes it is as long as a value may be.
    const LONG: usize = MAX_VALUE_BYTES - 2;

    fn connect(state: &mut State, device: DeviceId) -> Seen {
        let info = DeviceInfo {
            identity: format!("id:{}", device.0),
            name: "a".to_owned(),
            about: String::new(),
            build: String::new(),
            attrs: None,
            applied: Some(Revision(0)),
        };
        state.connect(device, &info, UnixMicros(0));
        Seen::of(device)
    }

    /// Says a line, which is stored; what of it was left out.
    fn say(state: &mut State, seen: &mut Seen, device: DeviceId, json: &str) -> Vec<String> {
        let speaker = Speaker { device, at: UnixMicros(0), declares: true };
        let news = state.news(speaker, seen, parse_report(json.as_bytes()).unwrap(), 0);
        let (project, at, line) = (ProjectId(1), UnixMicros(0), None);
        let (declared, values) = (news.declared, news.values);
        state.apply(Write::Report { project, device, at, declared, values, line }, Written::Done);
        news.left_out.iter().map(ToString::to_string).collect()
    }

    /// Bytes of its declarations and values.
    fn held_text(state: &State) -> usize {
        state.picture.held.weight().text
    }

    /// The same anew, with how many there are.
    fn counted(state: &State) -> Weight {
        let mut counted = Weight::default();
        state.picture.vars.values().for_each(|var| counted += var.held());
        counted
    }

    fn long(name: &str) -> String {
        format!(r#"{{"{name}":"{}"}}"#, "x".repeat(LONG))
    }

    #[test]
    fn whatever_happens_what_is_counted_is_what_is_there() {
        let live = test_live(1);
        let mut state = live.state();
        let all = Arc::new(Budget::new(usize::MAX));
        state.join(&all);
        let mut seen = connect(&mut state, DEVICE);
        let mut other = connect(&mut state, DeviceId(2));
        let name = VarName::parse("speed").unwrap();
        for line in [
            r#"[{"name":"speed","type":"json","value":"[1,2]","help":"how fast"}]"#,
            r#"{"lives":3,"name":"Ana","speed":[1,2,3]}"#,
            r#"[{"name":"speed","type":"float","value":"1.5"}]"#,
            r#"{"lives":"three","name":"Anastasia"}"#,
        ] {
            assert!(say(&mut state, &mut seen, DEVICE, line).is_empty());
            say(&mut state, &mut other, DeviceId(2), line);
            assert_eq!(state.picture.held.weight(), counted(&state), "{line}");
        }
        let edit = Write::Edit {
            project: ProjectId(1),
            author: UserId(1),
            author_name: "ann".to_owned(),
            via: String::new(),
            address: String::new(),
            gesture: protocol::model::Gesture(1),
            at: UnixMicros(0),
            changes: vec![Change::from((name.clone(), Value::Float(2.0)))],
            unchanged: Vec::new(),
            seen: Revision(0),
        };
        let set = Some(VarRevision(1));
        state.apply(edit, Written::Edit { revision: Revision(1), set });
        assert_eq!(state.picture.held.weight(), counted(&state));
        for reason in ["too fast", "no"] {
            let outcome = Outcome::Rejected { reason: Some(reason.to_owned()) };
            state.record_applied(DEVICE, Revision(1), vec![(name.clone(), outcome)], None);
            assert_eq!(state.picture.held.weight(), counted(&state), "{reason}");
        }
        state.picture.forget_device(DEVICE);
        assert_eq!(state.picture.held.weight(), counted(&state));
        assert!(
            state.connections.said.weight().entries > 0 && all.used() >= state.picture.held.weight().bytes()
        );
        drop(state);
        drop(live);
        assert_eq!(all.used(), 0, "a project that is gone counts for nothing");
    }

    #[test]
    fn up_to_the_budget_values_are_taken_and_then_only_what_is_known() {
        let live = test_live(1);
        let mut state = live.state();
        let mut seen = connect(&mut state, DEVICE);
        assert!(say(&mut state, &mut seen, DEVICE, r#"{"speed":1,"name":"Ana"}"#).is_empty());
        for number in 0.. {
            if !say(&mut state, &mut seen, DEVICE, &long(&format!("v{number}"))).is_empty() {
                break;
            }
        }
        assert!(held_text(&state) <= MAX_PROJECT_BYTES, "{}", held_text(&state));
        assert!(held_text(&state) + MAX_VALUE_BYTES + 1024 > MAX_PROJECT_BYTES, "{}", held_text(&state));

        let line = format!(r#"{{"speed":2,"name":"Anastasia","new":"{}"}}"#, "x".repeat(LONG));
        assert_eq!(say(&mut state, &mut seen, DEVICE, &line), ["new"]);
        // known ones go on, the long ones as long as they were, also after connecting again
        let mut again = connect(&mut state, DEVICE);
        let other = long("v0").replace('x', "y");
        for seen in [&mut seen, &mut again] {
            for line in [r#"{"speed":3,"name":"Bo"}"#, other.as_str(), r#"{"v1":"short"}"#] {
                assert_eq!(say(&mut state, seen, DEVICE, line), [""; 0]);
            }
        }
        assert!(say(&mut state, &mut seen, DEVICE, r#"{"v0":"short"}"#).is_empty());
        // what became shorter left room, which is soon taken again
        let more = (0..9).map(|n| say(&mut state, &mut seen, DEVICE, &long(&format!("new{n}"))));
        let left_out = more.collect::<Vec<_>>().concat();
        assert!(!left_out.is_empty() && !left_out.contains(&"new0".to_owned()), "{left_out:?}");
        let edit = |state: &State, name: &str, value: Value| {
            let change = Change::from((VarName::parse(name).unwrap(), value));
            state.check_edit(vec![change]).map_err(|error| error.code).is_ok()
        };
        assert!(edit(&state, "speed", Value::Int(9i64.into())));
        assert!(!edit(&state, "name", Value::Text("x".repeat(LONG))));
    }

    #[test]
    fn lines_on_their_way_count_until_they_are_decided() {
        let live = test_live(1);
        let mut state = live.state();
        let mut seen = connect(&mut state, DEVICE);
        let mut on_their_way = Vec::new();
        loop {
            let reports = parse_report(long(&format!("v{}", on_their_way.len())).as_bytes()).unwrap();
            let speaker = Speaker { device: DEVICE, at: UnixMicros(0), declares: true };
            let news = state.news(speaker, &mut seen, reports, 0);
            if !news.left_out.is_empty() {
                break;
            }
            on_their_way.push(news);
        }
        assert!(on_their_way.len() * MAX_VALUE_BYTES <= MAX_PROJECT_BYTES);
        for news in on_their_way {
            let (project, at, line) = (ProjectId(1), UnixMicros(0), None);
            let (declared, values) = (news.declared, news.values);
            let write = Write::Report { project, device: DEVICE, at, declared, values, line };
            state.apply(write, Written::TakenOver);
        }
        assert_eq!((state.connections.promised, held_text(&state)), (0, 0));
    }

    #[test]
    fn one_project_takes_half_of_what_there_is_for_all() {
        let all = Arc::new(Budget::new(8 * MAX_VALUE_BYTES));
        let (first, second) = (test_live(1), test_live(2));
        let fill = |live: &crate::live::Live| {
            let mut state = live.state();
            state.join(&all);
            let mut seen = connect(&mut state, DEVICE);
            (0..)
                .take_while(|n| say(&mut state, &mut seen, DEVICE, &long(&format!("v{n}"))).is_empty())
                .count()
        };
        // a value is there twice: the device has it, and the connection remembers it
        assert_eq!((fill(&first), fill(&second)), (1, 1));
        assert!(all.used() <= all.max_bytes());
        drop(first);
        assert!(all.used() <= all.max_bytes() / 2);
    }
}
