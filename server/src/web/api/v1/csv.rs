//! Download formats: lines of JSON, or CSV for a spreadsheet.

use axum::http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiResult, Problem};

/// The format of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Format {
    /// One JSON object per line.
    Ndjson,
    /// A table with a header row. Cells that a spreadsheet would take for a formula are prefixed with `'`.
    Csv,
}

/// The format that the client asks for.
#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FormatQuery {
    /// `ndjson`, one JSON object per line, or `csv`, where cells that look like formulas are prefixed with `'`.
    #[param(value_type = Option<Format>, inline)]
    format: Option<String>,
}

impl FormatQuery {
    pub(super) fn format(&self) -> ApiResult<Format> {
        match self.format.as_deref() {
            None | Some("ndjson") => Ok(Format::Ndjson),
            Some("csv") => Ok(Format::Csv),
            Some(_) => Err(Problem::invalid("format must be ndjson or csv")),
        }
    }
}

impl Format {
    /// Headers of a download that a browser saves under this name.
    pub(super) fn headers(self, name: &str) -> [(HeaderName, HeaderValue); 2] {
        let (content_type, ending) = match self {
            Self::Ndjson => ("application/x-ndjson", "ndjson"),
            Self::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        };
        let attachment = format!("attachment; filename=\"{name}.{ending}\"");
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::CONTENT_DISPOSITION, HeaderValue::from_str(&attachment).expect("names are plain text")),
        ]
    }
}

/// A row of a table.
pub(super) trait Row: Serialize {
    const HEADINGS: &'static [&'static str];

    /// One for each heading.
    fn cells(&self) -> Vec<String>;
}

/// Rows as text, with the headings above the first ones.
pub(super) fn write<R: Row>(format: Format, rows: &[R], with_headings: bool) -> Vec<u8> {
    let mut text = Vec::new();
    match format {
        Format::Ndjson => {
            for row in rows {
                serde_json::to_writer(&mut text, row).expect("plain data is JSON, and a Vec takes all");
                text.push(b'\n');
            }
            text
        }
        Format::Csv => {
            let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(text);
            let headings = R::HEADINGS.iter().map(|heading| (*heading).to_owned()).collect();
            let all = with_headings.then_some(headings).into_iter().chain(rows.iter().map(R::cells));
            for cells in all {
                for cell in &cells {
                    table.write_field(defused(cell).as_bytes()).expect("a Vec takes all");
                }
                table.write_record(None::<&[u8]>).expect("a Vec takes all");
            }
            table.into_inner().expect("a Vec takes all")
        }
    }
}

/// A spreadsheet would evaluate a cell that begins like this, and a formula can leak its neighbours (OWASP, CSV Injection).
fn defused(cell: &str) -> std::borrow::Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Note(&'static str);

    impl Row for Note {
        const HEADINGS: &'static [&'static str] = &["number", "text"];

        fn cells(&self) -> Vec<String> {
            vec!["1".to_owned(), self.0.to_owned()]
        }
    }

    #[test]
    fn formulas_are_defused_and_quotes_doubled() {
        for (text, cell) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(
                write(Format::Csv, &[Note(text)], false),
                format!("1,{cell}\r\n").into_bytes(),
                "{text:?}"
            );
        }
        assert_eq!(write::<Note>(Format::Csv, &[], true), b"number,text\r\n");
    }

    #[test]
    fn json_stands_on_lines() {
        assert_eq!(write(Format::Ndjson, &[Note("a\nb"), Note("c")], true), b"\"a\\nb\"\n\"c\"\n");
    }
}
