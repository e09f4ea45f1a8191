//! Reading the table, and saying where the server does not agree with it.

const TABLE: &str = include_str!("table.txt");

/// What becomes of operations: a name, and an outcome for each column.
pub struct Section {
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl Section {
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        Self { columns: columns.into_iter().map(str::to_owned).collect(), rows: Vec::new() }
    }

    pub fn push(&mut self, operation: impl Into<String>, outcomes: Vec<String>) {
        self.rows.push((operation.into(), outcomes));
    }

    fn row(&self, operation: &str) -> Option<&[String]> {
        self.rows.iter().find(|(name, _)| name == operation).map(|(_, outcomes)| outcomes.as_slice())
    }

    /// Asserts that the section of that title says the same, row for row.
    pub fn agrees_with(&self, title: &str) {
        let wanted = read(TABLE, title);
        let faults = faults(&wanted, self).join("\n");
        assert!(faults.is_empty(), "\n{faults}\n\nthe server's own table:\n{}", self.shown(title));
    }

    /// In the form of the table.
    fn shown(&self, title: &str) -> String {
        let first = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
        let width = |column: usize| {
            let cells = self.rows.iter().map(|(_, outcomes)| outcomes[column].len());
            cells.chain([self.columns[column].len()]).max().unwrap_or(0) + 2
        };
        let line = |name: &str, cells: &[String]| {
            let cells = cells.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
            format!("{name:<first$}{}", cells.collect::<String>()).trim_end().to_owned() + "\n"
        };
        let rows: String = self.rows.iter().map(|(name, cells)| line(name, cells)).collect();
        format!("[{title}]\n{}{rows}", line("", &self.columns))
    }
}

/// Where they differ, a sentence for each place.
fn faults(wanted: &Section, found: &Section) -> Vec<String> {
    let mut faults = Vec::new();
    if wanted.columns != found.columns {
        faults.push(format!("the columns are {:?}, not {:?}", found.columns, wanted.columns));
    }
    for (operation, outcomes) in &found.rows {
        let Some(expected) = wanted.row(operation) else {
            faults.push(format!("the table has no row for {operation}"));
            continue;
        };
        if expected.len() != outcomes.len() {
            faults.push(format!("{operation}: {} cells for {} columns", expected.len(), outcomes.len()));
        }
        let cells = found.columns.iter().zip(expected).zip(outcomes);
        for ((column, expected), found) in cells.filter(|((_, expected), found)| expected != found) {
            faults.push(format!("{operation} as {column}: {found} instead of {expected}"));
        }
    }
    for (operation, _) in &wanted.rows {
        if found.row(operation).is_none() {
            faults.push(format!("the server has no {operation}"));
        }
        if wanted.rows.iter().filter(|(name, _)| name == operation).count() > 1 {
            faults.push(format!("the table has {operation} twice"));
        }
    }
    faults
}

/// A section: its title in brackets, a head, then rows up to a blank line. Cells are divided by two blanks or more.
fn read(table: &str, title: &str) -> Section {
    let head = format!("[{title}]");
    let lines = table.lines().skip_while(|line| *line != head).skip(1).take_while(|line| !line.is_empty());
    let mut lines = lines.filter(|line| !line.starts_with('#'));
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    let columns = lines.next().map(cells).unwrap_or_default();
    let rows = lines.map(cells).map(|mut row| (row.remove(0), row)).collect();
    Section { columns, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "# words\n\n[doors]\n          nobody  admin\nGET /     sign-in  yes\n# a remark\n\
        POST /x   no       yes\n\n[others]\n  nobody\nGET /other  yes\n";

    fn found(rows: &[(&str, &[&str])]) -> Section {
        let mut section = Section::new(["nobody", "admin"]);
        for (operation, outcomes) in rows {
            section.push(*operation, outcomes.iter().map(|outcome| (*outcome).to_owned()).collect());
        }
        section
    }

    fn told(rows: &[(&str, &[&str])]) -> Vec<String> {
        faults(&read(SMALL, "doors"), &found(rows))
    }

    #[test]
    fn what_is_the_same_has_no_faults_in_whatever_order() {
        let same = [("POST /x", &["no", "yes"][..]), ("GET /", &["sign-in", "yes"])];
        assert!(told(&same).is_empty());
        // what is printed can be read again
        assert!(faults(&read(&found(&same).shown("doors"), "doors"), &found(&same)).is_empty());
    }

    #[test]
    fn an_operation_without_a_row_is_told() {
        let more =
            [("GET /", &["sign-in", "yes"][..]), ("POST /x", &["no", "yes"]), ("PUT /y", &["no", "yes"])];
        assert_eq!(told(&more), ["the table has no row for PUT /y"]);
        // nor does one of another section count
        let more = [
            ("GET /", &["sign-in", "yes"][..]),
            ("POST /x", &["no", "yes"]),
            ("GET /other", &["yes", "yes"]),
        ];
        assert_eq!(told(&more), ["the table has no row for GET /other"]);
    }

    #[test]
    fn a_row_without_an_operation_is_told() {
        assert_eq!(told(&[("GET /", &["sign-in", "yes"])]), ["the server has no POST /x"]);
    }

    #[test]
    fn another_outcome_is_told() {
        let other = [("GET /", &["sign-in", "yes"][..]), ("POST /x", &["yes", "yes"])];
        assert_eq!(told(&other), ["POST /x as nobody: yes instead of no"]);
    }

    #[test]
    fn cells_that_are_too_few_and_rows_that_come_twice_are_told() {
        let rows = [("GET /", &["no", "yes"][..])];
        let short = read("[doors]\n  nobody  admin\nGET /  no\n", "doors");
        assert_eq!(faults(&short, &found(&rows)), ["GET /: 1 cells for 2 columns"]);
        let twice = read("[doors]\n  nobody  admin\nGET /  no  yes\nGET /  no  no\n", "doors");
        assert!(faults(&twice, &found(&rows)).contains(&"the table has GET / twice".to_owned()));
        let head = read("[doors]\n  nobody\nGET /  no  yes\n", "doors");
        assert_eq!(faults(&head, &found(&rows)).len(), 1);
    }

    #[test]
    fn no_section_of_the_table_is_left_out() {
        let titles = TABLE.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
        let sections = ["pages", "forms", "others", "api", "functions", "messages", "verbs"];
        assert!(titles.eq(sections), "each is compared by a test, and no other");
    }
}
