//! Variables in groups, as the page lists them.

use protocol::model::{VarName, VarSpec};

/// A heading and the variables below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The heading: a declared path such as `enemy/boss`, or the part of the names before the first dot.
    /// Empty for those that have neither.
    pub path: String,
    /// Sorted by the declared order, then by declaration.
    pub names: Vec<VarName>,
}

/// Sorts variables into groups, in the order of their first variables. `wanted` is the filter: every word of it must occur in
/// name, label or group.
pub fn group<'a>(vars: impl Iterator<Item = (&'a VarName, &'a VarSpec)>, wanted: &str) -> Vec<Group> {
    let words: Vec<String> = wanted.split_whitespace().map(str::to_lowercase).collect();
    let mut groups: Vec<(String, Vec<(i64, VarName)>)> = Vec::new();
    for (name, spec) in vars {
        if !words.is_empty() && !matches(name, spec, &words) {
            continue;
        }
        let path = path_of(name, spec);
        let place = (spec.order.unwrap_or(i64::MAX), name.clone());
        match groups.iter_mut().find(|(known, _)| known == path) {
            Some((_, names)) => names.push(place),
            None => groups.push((path.to_owned(), vec![place])),
        }
    }
    groups
        .into_iter()
        .map(|(path, mut names)| {
            // a stable sort: equal orders stay as declared
            names.sort_by_key(|(order, _)| *order);
            Group { path, names: names.into_iter().map(|(_, name)| name).collect() }
        })
        .collect()
}

/// A row's title: the label, else the name without the part that is its group.
pub fn title<'a>(name: &'a VarName, spec: &'a VarSpec) -> &'a str {
    if let Some(label) = &spec.label {
        return label;
    }
    match name.as_str().split_once('.') {
        Some((prefix, rest)) if !prefix.is_empty() && !rest.is_empty() && path_of(name, spec) == prefix => {
            rest
        }
        _ => name.as_str(),
    }
}

fn path_of<'a>(name: &'a VarName, spec: &'a VarSpec) -> &'a str {
    match (&spec.group, name.as_str().split_once('.')) {
        (Some(path), _) => path,
        (None, Some((prefix, rest))) if !prefix.is_empty() && !rest.is_empty() => prefix,
        _ => "",
    }
}

fn matches(name: &VarName, spec: &VarSpec, words: &[String]) -> bool {
    let mut text = name.as_str().to_lowercase();
    for part in [&spec.label, &spec.group].into_iter().flatten() {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    }
    words.iter().all(|word| text.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use protocol::model::VarType;

    use super::*;

    fn var(name: &str, change: impl FnOnce(&mut VarSpec)) -> (VarName, VarSpec) {
        let mut spec = VarSpec::bare(VarType::Float);
        change(&mut spec);
        (VarName::parse(name).unwrap(), spec)
    }

    fn grouped(vars: &[(VarName, VarSpec)], wanted: &str) -> Vec<(String, Vec<String>)> {
        group(vars.iter().map(|(n, s)| (n, s)), wanted)
            .into_iter()
            .map(|g| (g.path, g.names.iter().map(ToString::to_string).collect()))
            .collect()
    }

    #[test]
    fn a_declared_group_goes_before_the_prefix_of_the_name() {
        let vars = [
            var("player.speed", |_| {}),
            var("lives", |_| {}),
            var("player.jump", |_| {}),
            var("player.hp", |s| s.group = Some("vitals".into())),
            var(".odd", |_| {}),
        ];
        let expected = [
            ("player", &["player.speed", "player.jump"][..]),
            ("", &["lives", ".odd"]),
            ("vitals", &["player.hp"]),
        ];
        let expected: Vec<(String, Vec<String>)> = expected
            .iter()
            .map(|(path, names)| ((*path).to_owned(), names.iter().map(|n| (*n).to_owned()).collect()))
            .collect();
        assert_eq!(grouped(&vars, ""), expected);
    }

    #[test]
    fn the_declared_order_goes_first_and_equals_stay_as_declared() {
        let vars = [
            var("a", |_| {}),
            var("b", |s| s.order = Some(2)),
            var("c", |s| s.order = Some(1)),
            var("d", |_| {}),
        ];
        assert_eq!(grouped(&vars, "")[0].1, ["c", "b", "a", "d"]);
    }

    #[test]
    fn every_word_of_the_filter_must_be_there() {
        let vars = [
            var("player.speed", |s| s.label = Some("Tempo".into())),
            var("boss.speed", |s| s.group = Some("Enemy/Boss".into())),
        ];
        assert_eq!(grouped(&vars, "SPEED enemy").len(), 1);
        assert_eq!(grouped(&vars, "tempo")[0].1, ["player.speed"]);
        assert!(grouped(&vars, "speed nothing").is_empty());
    }

    #[test]
    fn a_row_does_not_repeat_its_heading() {
        let (name, spec) = var("player.max.speed", |_| {});
        assert_eq!(title(&name, &spec), "max.speed");
        let (name, spec) = var("player.speed", |s| s.group = Some("player".into()));
        assert_eq!(title(&name, &spec), "speed");
        let (name, spec) = var(".odd", |_| {});
        assert_eq!(title(&name, &spec), ".odd");
        let (name, spec) = var("player.speed", |s| s.group = Some("hero".into()));
        assert_eq!(title(&name, &spec), "player.speed");
        let (name, spec) = var("player.speed", |s| s.label = Some("Tempo".into()));
        assert_eq!(title(&name, &spec), "Tempo");
    }
}
