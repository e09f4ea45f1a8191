//! Text tables.

use unicode_width::UnicodeWidthStr as _;

use crate::text::{cut, visible};

/// The widest column, in characters.
const MAX_COLUMNS: usize = 40;
const GAP: usize = 2;

/// The table as lines, without trailing spaces.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| fit(cell)).collect()).collect();
    let mut widths = headings.map(|heading| heading.width());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let mut text = line(headings.iter().copied(), &widths);
    for row in &rows {
        text += &line(row.iter().map(String::as_str), &widths);
    }
    text
}

fn fit(cell: &str) -> String {
    cut(&visible(cell), MAX_COLUMNS).into_owned()
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.zip(widths) {
        line += cell;
        line += &" ".repeat(width + GAP - cell.width());
    }
    line.truncate(line.trim_end_matches(' ').len());
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [["speed".to_owned(), "7".to_owned()], ["名前".to_owned(), "a\nb".to_owned()]];
        assert_eq!(table(["name", "value"], &rows), "name   value\nspeed  7\n名前   a␊b\n");
        assert_eq!(table(["name", "value"], &[]), "name  value\n");
    }

    #[test]
    fn a_long_cell_does_not_push_the_others_away() {
        let row = ["x".repeat(MAX_COLUMNS + 1), "7".to_owned()];
        let text = table(["a", "b"], &[row]);
        assert_eq!(text.lines().nth(1), Some(format!("{}…  7", "x".repeat(MAX_COLUMNS - 1)).as_str()));
    }
}
