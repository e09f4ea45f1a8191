//! Values by their names.

use protocol::model::VarName;

/// Values by their names, in the order of these. A list, because each type in the standard library's tree is some kilobytes
/// in the program, and a project has no more than some thousand names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Names<T>(Vec<(VarName, T)>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Names<T> {
    fn place(&self, name: &VarName) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(name))
    }

    pub(crate) fn get(&self, name: &VarName) -> Option<&T> {
        Some(&self.0[self.place(name).ok()?].1)
    }

    pub(crate) fn get_mut(&mut self, name: &VarName) -> Option<&mut T> {
        let place = self.place(name).ok()?;
        Some(&mut self.0[place].1)
    }

    pub(crate) fn contains(&self, name: &VarName) -> bool {
        self.place(name).is_ok()
    }

    /// Returns what had this name before.
    pub(crate) fn insert(&mut self, name: VarName, value: T) -> Option<T> {
        match self.place(&name) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (name, value));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &VarName) -> Option<T> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&VarName, &T)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&VarName, &mut T)> {
        self.0.iter_mut().map(|(name, value)| (&*name, value))
    }

    /// As a list.
    pub(crate) fn into_vec(self) -> Vec<(VarName, T)> {
        self.0
    }
}

impl<T> Extend<(VarName, T)> for Names<T> {
    fn extend<I: IntoIterator<Item = (VarName, T)>>(&mut self, entries: I) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl<T> FromIterator<(VarName, T)> for Names<T> {
    fn from_iter<I: IntoIterator<Item = (VarName, T)>>(entries: I) -> Self {
        let mut names = Self::default();
        names.extend(entries);
        names
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn name(number: u32) -> VarName {
        VarName::parse(&format!("v{number}")).unwrap()
    }

    /// Whatever happens to both.
    #[test]
    fn it_is_what_a_tree_is() {
        let mut chance = fastrand::Rng::with_seed(7);
        let (mut names, mut tree) = (Names::default(), BTreeMap::new());
        for step in 0..5_000 {
            let name = name(chance.u32(0..60));
            match chance.u8(0..4) {
                0 => assert_eq!(names.remove(&name), tree.remove(&name)),
                1 => {
                    if let (Some(a), Some(b)) = (names.get_mut(&name), tree.get_mut(&name)) {
                        (*a, *b) = (step, step);
                    }
                }
                _ => assert_eq!(names.insert(name.clone(), step), tree.insert(name.clone(), step)),
            }
            assert_eq!(names.get(&name), tree.get(&name));
            assert_eq!(names.contains(&name), tree.contains_key(&name));
            assert_eq!((names.len(), names.is_empty()), (tree.len(), tree.is_empty()));
            assert!(names.iter().eq(tree.iter()));
        }
        assert!(names.iter_mut().map(|(name, value)| (name, &*value)).eq(tree.iter()));
        assert!(names.clone().into_vec().into_iter().eq(tree));
    }

    #[test]
    fn of_a_name_that_is_said_twice_the_last_value_counts() {
        let names: Names<u32> = [(name(2), 1), (name(1), 2), (name(2), 3)].into_iter().collect();
        assert_eq!(names.into_vec(), [(name(1), 2), (name(2), 3)]);
    }
}
