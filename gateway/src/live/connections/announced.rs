//! Declarations on their way to the database. Games that connect together see each other's here.

use std::{collections::HashMap, sync::Arc};

use protocol::model::{VarName, VarSpec};

/// Each is here as long as a line that makes it is on its way, whatever becomes of that.
#[derive(Debug, Default)]
pub(in crate::live) struct Announced(HashMap<VarName, Announcement>);

#[derive(Debug)]
struct Announcement {
    /// The newest.
    spec: Arc<VarSpec>,
    lines: usize,
}

impl Announced {
    pub(in crate::live) fn get(&self, name: &VarName) -> Option<&Arc<VarSpec>> {
        self.0.get(name).map(|announcement| &announcement.spec)
    }

    pub(in crate::live) fn contains_key(&self, name: &VarName) -> bool {
        self.0.contains_key(name)
    }

    pub(in crate::live) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::live) fn keys(&self) -> impl Iterator<Item = &VarName> {
        self.0.keys()
    }

    /// A line declares this.
    pub(in crate::live) fn insert(&mut self, name: VarName, spec: Arc<VarSpec>) {
        let fresh = Announcement { spec: Arc::clone(&spec), lines: 0 };
        let announcement = self.0.entry(name).or_insert(fresh);
        announcement.spec = spec;
        announcement.lines += 1;
    }

    /// That line is decided.
    pub(in crate::live) fn remove(&mut self, declared: &[(VarName, VarSpec)]) {
        for (name, _) in declared {
            if let Some(announcement) = self.0.get_mut(name) {
                announcement.lines -= 1;
                if announcement.lines == 0 {
                    self.0.remove(name);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{
        limits::MAX_VARS_PER_PROJECT,
        line::parse_report,
        model::{DeviceId, ProjectId, UnixMicros, VarType},
    };

    use crate::{
        live::{Seen, Speaker, State, test_live},
        store::{Write, Written},
    };

    /// A line of one connection, as it is queued.
    fn line(state: &mut State, seen: &mut Seen, json: &str) -> Write {
        let speaker = Speaker { device: DeviceId(1), at: UnixMicros(0), declares: true };
        let news = state.news(speaker, seen, parse_report(json.as_bytes()).unwrap(), 0);
        assert!(news.left_out.is_empty(), "{:?}", news.left_out);
        let (declared, values) = (news.declared, news.values);
        Write::Report {
            project: ProjectId(1),
            device: DeviceId(1),
            at: UnixMicros(0),
            declared,
            values,
            line: None,
        }
    }

    fn numbered(numbers: std::ops::Range<usize>) -> String {
        let vars: Vec<String> = numbers.map(|i| format!("\"v{i}\":1")).collect();
        format!("{{{}}}", vars.join(","))
    }

    #[test]
    fn what_a_line_declares_that_is_not_stored_takes_no_room() {
        for written in [Written::TakenOver, Written::Gap, Written::Repeated] {
            let live = test_live(1);
            let mut state = live.state();
            let mut taken_over = Seen::default();
            for start in (0..MAX_VARS_PER_PROJECT).step_by(1_000) {
                let write = line(&mut state, &mut taken_over, &numbered(start..start + 1_000));
                state.apply(write, written.clone());
            }
            assert_eq!(state.connections.announced.keys().count(), 0);
            // as many as ever may come, and by their own types
            let write = line(&mut state, &mut Seen::default(), r#"{"v0":"a text","new":2}"#);
            let Write::Report { declared, .. } = &write else { unreachable!("it is one") };
            let text = declared.iter().find(|(name, _)| name.as_str() == "v0").expect("it is declared");
            assert_eq!(text.1.var_type, VarType::String);
            state.apply(write, Written::Done);
        }
    }

    #[test]
    fn what_another_line_declares_too_is_announced_until_that_is_decided() {
        let live = test_live(1);
        let mut state = live.state();
        let (mut one, mut other) = (Seen::default(), Seen::default());
        let first = line(&mut state, &mut one, r#"{"speed":1}"#);
        let second = line(&mut state, &mut other, r#"{"speed":2}"#);
        state.apply(first, Written::TakenOver);
        assert_eq!(state.connections.announced.keys().count(), 1);
        state.connections.unannounce(&second);
        assert_eq!(state.connections.announced.keys().count(), 0);
    }
}
