//! Whether what people want can be.

use indexmap::IndexMap;
use protocol::{
    ErrorCode, ProtocolError,
    model::{Change, NOT_DESIRED, Value, VarName, VarRevision},
};

use super::{super::weight::is_small, State};

/// Why a long value is not taken.
const FULL: &str = "the declarations and values of this project have reached their size limit; use a shorter value, or forget variables and devices that are no longer used";
/// Why a variable can't be set that is stored.
const LEFT_OUT: &str = "is too large to be loaded, because this project takes as much as it may; forget it, or forget others \
                        and wait until the project is loaded again";

/// Changes that are possible.
pub(crate) struct Checked {
    /// Those that would change something.
    pub(crate) changes: Vec<Change>,
    /// Those that would not, with the edit that made it so.
    pub(crate) unchanged: Vec<(Change, VarRevision)>,
}

impl State {
    /// Whether these may be set or let go.
    ///
    /// # Errors
    /// `bad_name`, `bad_shape`, or `too_many` when the project has no room for a long value, or had none for the variable.
    pub(crate) fn check_edit(&self, changes: Vec<Change>) -> Result<Checked, ProtocolError> {
        let vars = &self.picture.vars;
        let mut news: IndexMap<VarName, Change> = IndexMap::new();
        let mut more = 0;
        for change in changes {
            let name = &change.name;
            let is_forgotten = self.connections.forgetting.contains(name);
            let Some(var) = vars.get(name).filter(|_| !is_forgotten) else {
                if self.is_left_out(name) {
                    return Err(ProtocolError::new(ErrorCode::TooMany, format!("{name} {LEFT_OUT}")));
                }
                return Err(ProtocolError::new(ErrorCode::BadName, format!("there is no variable {name}")));
            };
            let value = change.value.map(|value| match var.spec.widened(&value) {
                Some(wider) => wider.var_type.fit(value),
                None => var.spec.var_type.fit(value),
            });
            value.as_ref().map_or(Ok(()), |value| var.spec.check_edit(value))?;
            if let Some(value) = value.as_ref().filter(|value| !is_small(value)) {
                more += value.weight().saturating_sub(var.wanted().map_or(0, Value::weight));
                if !self.fits(more) {
                    return Err(ProtocolError::new(ErrorCode::TooMany, FULL));
                }
            }
            news.insert(change.name.clone(), Change { value, ..change });
        }
        let is_news = |change: &Change| {
            let is_again = change.again && change.value.is_some();
            is_again || vars[&change.name].wanted() != change.value.as_ref()
        };
        let (changes, known): (Vec<Change>, Vec<Change>) = news.into_values().partition(is_news);
        let set_by = |name: &VarName| vars[name].desired.as_ref().map_or(NOT_DESIRED, |d| d.revision);
        let unchanged = known.into_iter().map(|change| {
            let edit = set_by(&change.name);
            (change, edit)
        });
        Ok(Checked { changes, unchanged: unchanged.collect() })
    }
}
