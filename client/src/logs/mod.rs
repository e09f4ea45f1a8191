//! `observerio logs`: searches the log as far as it takes, and then follows it.

mod context;
mod history;
mod wanted;

use serde_json::Value as Json;

pub(crate) use self::wanted::{Order, Wanted};
use self::{context::Contexts, history::History};
use crate::{
    Error,
    api::Api,
    console::Console,
    responses::Project,
    tail::{Follower, LineFormat, Printer},
};

/// Text of lines that are held until the oldest of them is known, in bytes.
const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;

/// Options of `observerio logs`.
pub(crate) struct Logs {
    pub wanted: Wanted,
    /// Lines to show.
    pub limit: usize,
    pub format: LineFormat,
    /// Go on with each new line.
    pub follow: bool,
    /// Lines around each line.
    pub context: Option<u16>,
}

/// Shows lines of the log.
///
/// # Errors
/// Those of the requests; with `follow`, it ends with an error only.
pub(crate) fn show(api: &Api, project: &Project, logs: &Logs, console: &mut Console) -> Result<(), Error> {
    let printer = Printer::new(logs.format, console.has_colors);
    console.print(&printer.heading())?;
    let path = format!("/projects/{}/logs", project.id);
    let mut follower = Follower::new(api, project, &logs.wanted.filter, printer);
    if logs.follow {
        follower.begin()?;
    }
    let mut history = History::new(api, &path, &logs.wanted, logs.limit);
    match (logs.context, logs.wanted.order) {
        (None, Some(_)) => {
            while let Some(lines) = history.next(console)? {
                lines.into_iter().try_for_each(|line| follower.show_old(line, console))?;
            }
        }
        (around, order) => {
            let mut found = held(&mut history, console)?;
            if order.is_none() {
                found.reverse();
            }
            match around {
                None => found.into_iter().try_for_each(|line| follower.show_old(line, console))?,
                Some(around) => Contexts { api, path: &path, around, printer }.print(&found, console)?,
            }
        }
    }
    if let Some(rest) = history.rest() {
        console.note(&rest);
    }
    if logs.follow { follower.run(console) } else { Ok(()) }
}

/// All lines, the first one found first, as far as there is room for them.
fn held(history: &mut History<'_>, console: &mut Console) -> Result<Vec<Json>, Error> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(lines) = history.next(console)? {
        bytes += lines.iter().map(|line| line.to_string().len()).sum::<usize>();
        found.extend(lines);
        if bytes > MAX_HELD_BYTES {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{json as answer, serve};

    fn line(seq: u64, message: &str) -> Json {
        json!({"seq": seq, "device": 1, "device_name": "phone", "at": "2026-11-26T01:02:03.123456Z",
            "received": "2026-11-26T01:02:03.123456Z", "level": "info", "message": message, "fields": null})
    }

    fn page(lines: &[Json], next: Option<&str>) -> String {
        answer(200, &json!({"items": lines, "next": next, "searched_to": "2026-11-26T01:02:03.000000Z"}))
    }

    fn project() -> Project {
        Project { id: 3, name: "p".into(), role: "viewer".into(), devices: 0, online: 0, last_seen: None }
    }

    fn logs(limit: usize, order: Option<Order>) -> Logs {
        let wanted = Wanted { filter: "a b".to_owned(), order, ..Wanted::default() };
        Logs { wanted, limit, format: LineFormat::Json, follow: false, context: None }
    }

    /// What was requested, and what was printed.
    fn run(logs: &Logs, answers: Vec<String>) -> (Vec<String>, String) {
        let (api, requests) = serve(answers);
        let (mut console, output) = crate::console::tests::captured();
        show(&api, &project(), logs, &mut console).unwrap();
        drop(api);
        let path = |request: crate::testing::Request| {
            let line = request.head[0].clone();
            line["GET /api/v1/projects/3/logs".len()..line.len() - " HTTP/1.1".len()].to_owned()
        };
        (requests.iter().map(path).collect(), output.text())
    }

    fn messages(text: &str) -> Vec<String> {
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn it_goes_on_until_it_has_enough_and_shows_them_as_they_came() {
        let answers = vec![
            page(&[line(7, "seven")], Some("Nw")),
            page(&[], Some("Mw")),
            page(&[line(2, "two"), line(1, "one")], Some("MQ")),
        ];
        let (requests, text) = run(&logs(3, None), answers);
        assert_eq!(
            requests,
            ["?limit=3&q=a%20b", "?limit=2&q=a%20b&cursor=Nw", "?limit=2&q=a%20b&cursor=Mw"]
        );
        assert_eq!(messages(&text), ["one", "two", "seven"]);
        assert!(text.contains("were not searched") && text.contains("--limit"), "{text}");
    }

    #[test]
    fn a_log_that_was_searched_to_its_end_needs_no_words() {
        let answers = vec![page(&[line(1, "one")], Some("PjE")), page(&[line(2, "two")], None)];
        let mut logs = logs(100, Some(Order::Oldest));
        logs.wanted.from = Some("1h".to_owned());
        logs.wanted.to = Some("2026-11-26T01:02+01:00".to_owned());
        let (requests, text) = run(&logs, answers);
        let query = "q=a%20b&from=1h&to=2026-11-26T01%3A02%2B01%3A00&order=oldest";
        assert_eq!(requests, [format!("?limit=100&{query}"), format!("?limit=99&{query}&cursor=PjE")]);
        assert_eq!(messages(&text), ["one", "two"]);
        assert_eq!(text.lines().count(), 2, "{text}");
    }

    #[test]
    fn what_comes_while_the_history_is_read_is_shown_once() {
        let gone = answer(401, &json!({"code": "unauthenticated", "message": "no"}));
        let (api, requests) = serve(vec![
            page(&[line(5, "of another filter")], None),
            page(&[line(6, "six"), line(3, "three")], None),
            format!(
                "HTTP/1.1 200 x\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\nevent: line\nid: 7\ndata: {}\n\n",
                line(7, "seven")
            ),
            gone,
        ]);
        let (mut console, output) = crate::console::tests::captured();
        let logs = Logs { follow: true, ..logs(9, None) };
        let refused = show(&api, &project(), &logs, &mut console).unwrap_err();
        assert_eq!(refused.status(), 77);
        drop(api);
        let live: Vec<_> = requests
            .iter()
            .filter_map(|request| request.header("last-event-id").map(str::to_owned))
            .collect();
        assert_eq!(live, ["6", "7"]);
        assert_eq!(messages(&output.text()), ["three", "six", "seven"]);
    }

    #[test]
    fn lines_around_lines_are_shown_once() {
        let context = |seqs: std::ops::RangeInclusive<u64>, whole: bool| {
            let items: Vec<_> = seqs.map(|seq| line(seq, &format!("line {seq}"))).collect();
            answer(200, &json!({"items": items, "whole": whole}))
        };
        let answers = vec![
            page(&[line(30, "line 30"), line(12, "line 12"), line(10, "line 10")], None),
            context(9..=11, true),
            context(11..=13, true),
            context(29..=31, false),
        ];
        let logs = Logs { format: LineFormat::Text, context: Some(1), ..logs(9, None) };
        let (requests, text) = run(&logs, answers);
        assert_eq!(requests[1..], ["/10/context?lines=1", "/12/context?lines=1", "/30/context?lines=1"]);
        let shown: Vec<String> = text
            .lines()
            .map(|line| match line.split_once("phone: ") {
                Some((before, message)) => format!("{}{message}", &before[..2]),
                None => line.to_owned(),
            })
            .collect();
        let cut = shown.last().unwrap();
        assert!(cut.contains("not all"), "{text}");
        let expected = [
            "  line 9",
            "> line 10",
            "  line 11",
            "> line 12",
            "  line 13",
            "--",
            "  line 29",
            "> line 30",
            "  line 31",
        ];
        assert_eq!(shown[..shown.len() - 1], expected);
    }
}
