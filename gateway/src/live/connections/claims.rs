//! Which declarations connected games stand by: of those that differ the newest counts, and when its last game has gone, the
//! newest of those that are left.

use std::{collections::HashMap, sync::Arc};

use protocol::model::{DeviceId, UnixMicros, VarName, VarSpec};

/// After a game has said a declaration again against another one, it waits so long before that counts once more; twice as long
/// each time. Two builds that repeat what they declare with every report then don't fight over it.
const FIRST_PAUSE_MICROS: i64 = 1_000_000;
/// The longest of these pauses.
const LONGEST_PAUSE_MICROS: i64 = 600 * 1_000_000;

/// What each connected game declares, alike declarations together.
#[derive(Debug, Default)]
pub(in crate::live) struct Claims {
    of: HashMap<VarName, Vec<Claim>>,
    /// Counts what was declared, from 1.
    newest: u64,
}

#[derive(Debug)]
struct Claim {
    spec: Arc<VarSpec>,
    /// Connections that stand by it.
    holders: u32,
    /// When it was declared last; 0: it was there before anybody came.
    made: u64,
    by: DeviceId,
}

/// A declaration that counts again.
#[derive(Debug, PartialEq)]
pub(in crate::live) struct Next {
    pub(in crate::live) spec: Arc<VarSpec>,
    pub(in crate::live) by: DeviceId,
}

impl Claims {
    /// A connection declares this, and means it from now on.
    pub(in crate::live) fn make(
        &mut self,
        name: &VarName,
        spec: &Arc<VarSpec>,
        by: DeviceId,
    ) -> Arc<VarSpec> {
        self.newest += 1;
        let made = self.newest;
        let claim = self.hold(name, spec, by);
        (claim.made, claim.by) = (made, by);
        Arc::clone(&claim.spec)
    }

    /// A connection says a value and declares nothing: it stands by what is known.
    pub(in crate::live) fn adopt(
        &mut self,
        name: &VarName,
        spec: &Arc<VarSpec>,
        by: DeviceId,
    ) -> Arc<VarSpec> {
        Arc::clone(&self.hold(name, spec, by).spec)
    }

    fn hold(&mut self, name: &VarName, spec: &Arc<VarSpec>, by: DeviceId) -> &mut Claim {
        let claims = self.of.entry(name.clone()).or_default();
        let known = claims.iter().position(|claim| Arc::ptr_eq(&claim.spec, spec) || claim.spec == *spec);
        let place = known.unwrap_or_else(|| {
            claims.push(Claim { spec: Arc::clone(spec), holders: 0, made: 0, by });
            claims.len() - 1
        });
        let claim = &mut claims[place];
        claim.holders += 1;
        claim
    }

    /// A connection stands by it no longer. What counts instead, if it was the newest and this its last connection. A type
    /// that was only inferred belongs to all games and stays.
    pub(in crate::live) fn release(&mut self, name: &VarName, spec: &Arc<VarSpec>) -> Option<Next> {
        let claims = self.of.get_mut(name)?;
        let place = claims.iter().position(|claim| Arc::ptr_eq(&claim.spec, spec))?;
        claims[place].holders -= 1;
        if claims[place].holders > 0 {
            return None;
        }
        let gone = claims.swap_remove(place);
        let newest = claims.iter().max_by_key(|claim| claim.made);
        let next = newest.filter(|next| next.made < gone.made && !gone.spec.inferred);
        let next = next.map(|next| Next { spec: Arc::clone(&next.spec), by: next.by });
        if claims.is_empty() {
            self.of.remove(name);
        }
        next
    }

    /// An equal declaration that somebody stands by.
    pub(in crate::live) fn share(&self, name: &VarName, spec: &VarSpec) -> Option<Arc<VarSpec>> {
        let claims = self.of.get(name)?;
        claims.iter().find(|claim| *claim.spec == *spec).map(|claim| Arc::clone(&claim.spec))
    }

    #[cfg(test)]
    pub(in crate::live) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}

/// How often a connection has said a declaration of its again, against another one.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::live) struct Repeats {
    count: u32,
    last: UnixMicros,
}

impl Repeats {
    /// Whether it counts now, and then it is noted.
    pub(in crate::live) fn take(&mut self, now: UnixMicros) -> bool {
        let pause = match self.count {
            0 => 0,
            count => {
                let doubled = FIRST_PAUSE_MICROS.saturating_mul(1 << (count - 1).min(30));
                doubled.min(LONGEST_PAUSE_MICROS)
            }
        };
        let since = now.0.saturating_sub(self.last.0);
        // a clock that was set back keeps nobody waiting
        if (0..pause).contains(&since) {
            return false;
        }
        *self = Self { count: self.count.saturating_add(1), last: now };
        true
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::VarType;

    use super::*;

    const REAL: DeviceId = DeviceId(1);
    const OTHER: DeviceId = DeviceId(2);

    fn name() -> VarName {
        VarName::parse("speed").unwrap()
    }

    fn declared(readonly: bool) -> Arc<VarSpec> {
        Arc::new(VarSpec { readonly, ..VarSpec::bare(VarType::Integer) })
    }

    #[test]
    fn when_the_newest_has_gone_the_one_before_counts() {
        let mut claims = Claims::default();
        let real = claims.make(&name(), &declared(false), REAL);
        let other = claims.make(&name(), &declared(true), OTHER);
        let next = claims.release(&name(), &other).unwrap();
        assert_eq!((next.spec.readonly, next.by), (false, REAL));
        assert_eq!(claims.release(&name(), &real), None);
        assert!(claims.is_empty());
    }

    #[test]
    fn one_that_is_not_the_newest_goes_unnoticed() {
        let mut claims = Claims::default();
        let real = claims.make(&name(), &declared(false), REAL);
        let _other = claims.make(&name(), &declared(true), OTHER);
        assert_eq!(claims.release(&name(), &real), None);
    }

    #[test]
    fn it_counts_as_long_as_anybody_stands_by_it() {
        let mut claims = Claims::default();
        let _real = claims.adopt(&name(), &declared(false), REAL);
        let first = claims.make(&name(), &declared(true), OTHER);
        let second = claims.make(&name(), &declared(true), DeviceId(3));
        assert!(Arc::ptr_eq(&first, &second), "alike ones are kept once");
        assert_eq!(claims.release(&name(), &first), None);
        assert_eq!(claims.release(&name(), &second).unwrap().by, REAL);
    }

    #[test]
    fn an_inferred_type_does_not_go_back() {
        let mut claims = Claims::default();
        let _whole = claims.make(&name(), &declared(false), REAL);
        let wide = Arc::new(VarSpec { inferred: true, ..VarSpec::bare(VarType::Float) });
        let wide = claims.make(&name(), &wide, OTHER);
        assert_eq!(claims.release(&name(), &wide), None);
    }

    #[test]
    fn what_is_repeated_counts_at_once_and_then_less_and_less_often() {
        let (mut repeats, second) = (Repeats::default(), 1_000_000);
        let counted = |repeats: &mut Repeats, from: i64, to: i64| {
            (from..to).filter(|at| repeats.take(UnixMicros(at * second))).count()
        };
        assert!(repeats.take(UnixMicros(0)));
        assert!(!repeats.take(UnixMicros(second - 1)));
        assert_eq!(counted(&mut repeats, 1, 64), 6, "after 1, 2, 4, 8, 16 and 32 seconds");
        let day = 24 * 3_600;
        assert!(counted(&mut repeats, 64, day) <= 150);
        // and never not at all
        assert!(repeats.take(UnixMicros((day + 600) * second)));
        assert!(repeats.take(UnixMicros(5)), "the clock was set back");
    }
}
