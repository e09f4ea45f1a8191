//! The fields of an object.

use std::borrow::Cow;

use super::piece::{Piece, Shallow};
use crate::error::Result;

/// The fields of an object, each name once: of one that was said twice the last one counts.
pub(crate) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, Piece<'a>)>);

impl<'a> Fields<'a> {
    fn of(mut fields: Vec<(Cow<'a, str>, Piece<'a>)>) -> Self {
        // pieces of one text: what is said later is behind
        fields.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.0.as_ptr().cmp(&b.1.0.as_ptr())));
        fields.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                earlier.1 = later.1;
            }
            is_same
        });
        Self(fields)
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|field| (*field.0).cmp(name)).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Piece<'a>> {
        Some(self.0[self.place_of(name)?].1)
    }

    /// As [`Fields::get`], read.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Shallow<'a>>> {
        self.get(name).map(Piece::read).transpose()
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Piece<'a>> {
        let place = self.place_of(name)?;
        Some(self.0.remove(place).1)
    }

    /// With one more field, of a name that is not there.
    pub(crate) fn with<'b>(self, name: &'b str, value: Piece<'b>) -> Fields<'b>
    where
        'a: 'b,
    {
        let mut fields: Vec<(Cow<'b, str>, Piece<'b>)> = self.0;
        let place = fields.partition_point(|field| *field.0 < *name);
        fields.insert(place, (Cow::Borrowed(name), value));
        Fields(fields)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves out the longest ones until all names and values together, as they were written, have at most `max_bytes`.
    /// Returns how many fields of how many bytes were left out.
    pub(crate) fn shed(&mut self, max_bytes: usize) -> (usize, usize) {
        let size = |field: &(Cow<'_, str>, Piece<'_>)| field.0.len() + field.1.text().len();
        let mut left: usize = self.0.iter().map(size).sum();
        if left <= max_bytes {
            return (0, 0);
        }
        let mut sizes: Vec<usize> = self.0.iter().map(size).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let mut shed = (0, 0);
        for size in &sizes {
            if left <= max_bytes {
                break;
            }
            left -= size;
            shed = (shed.0 + 1, shed.1 + size);
        }
        // all that are longer than the last of them, and of its length as many as it takes
        let shortest = sizes[shed.0 - 1];
        let mut of_shortest = sizes[..shed.0].iter().filter(|size| **size == shortest).count();
        self.0.retain(|field| {
            let goes = size(field) > shortest || (size(field) == shortest && of_shortest > 0);
            if goes && size(field) == shortest {
                of_shortest -= 1;
            }
            !goes
        });
        shed
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, Piece<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> Piece<'a> {
    /// The fields of an object, and how often one is said in it: no more than `max` are kept.
    pub(crate) fn fields(self, max: usize) -> Result<(Fields<'a>, usize)> {
        let mut members = self.members();
        let mut fields = Vec::new();
        while fields.len() < max
            && let Some(field) = members.next_field()?
        {
            fields.push(field);
        }
        let count = fields.len() + members.count() / 2;
        Ok((Fields::of(fields), count))
    }

    /// Those fields of an object that have one of these names.
    pub(crate) fn fields_named(self, known: &[&str]) -> Result<Fields<'a>> {
        let mut fields: Vec<(Cow<'a, str>, Self)> = Vec::new();
        let mut members = self.members();
        while let Some((name, value)) = members.next_field()? {
            match fields.iter_mut().find(|field| field.0 == name) {
                Some(field) => field.1 = value,
                None if known.contains(&&*name) => fields.push((name, value)),
                None => {}
            }
        }
        Ok(Fields::of(fields))
    }

    /// All fields of an object in the order in which they are said, also those that are said twice.
    pub(crate) fn fields_in_order(self) -> Result<Vec<(Cow<'a, str>, Self)>> {
        let mut members = self.members();
        let mut fields = Vec::new();
        while let Some(field) = members.next_field()? {
            fields.push(field);
        }
        Ok(fields)
    }
}
