//! The live page: [`LiveState`] is what it shows, [`Live`] draws what changed, `socket` keeps it going.

mod by_device;
mod delivery;
#[cfg(test)]
mod delivery_tests;
#[cfg(test)]
mod fixture;
mod forget;
#[cfg(test)]
mod forget_tests;
mod groups;
mod hand;
#[cfg(test)]
mod hand_tests;
mod hold;
#[cfg(test)]
mod let_go_tests;
mod log_address;
mod log_bars;
mod log_events;
mod log_look;
mod log_query;
mod log_range;
mod log_rows;
mod log_text;
mod log_window;
mod logs;
mod page;
#[cfg(test)]
mod parts_tests;
#[cfg(test)]
mod refused_tests;
mod remembered;
mod runs;
mod scope;
#[cfg(feature = "hydrate")]
mod socket;
mod state;
#[cfg(test)]
mod state_tests;
mod touched;
mod undo;
mod undo_keys;
mod values;
mod vars;
mod verdict;
mod view;
#[cfg(test)]
mod waiting_tests;

pub use by_device::ByDevice;
pub use delivery::{Ranking, Spread, Status, Tally};
pub use groups::{Group, group, title};
pub use hand::{Grip, Hands};
pub use log_address::log_address;
pub use log_bars::{BARS, HEIGHT_UNITS, LogBars, bar_words, sum, total};
pub use log_events::{Happened, LogEvent, LogEvents, changes_text};
pub use log_look::{Dedup, LogLook, MAX_PINS, TimeStyle, name_of, of_name};
pub use log_query::{LogQuery, export_search};
pub use log_range::{Bounds, LogRange, read_moment, write_moment};
pub use log_rows::{Laying, LogRow, LogRows};
pub use log_text::{folded, is_repeat, log_text, text_height, visible};
pub use log_window::{Gap, LogWindow};
pub use logs::{Logs, Search};
pub use page::{Link, Live, use_live};
pub use remembered::{ClosedGroups, keep_view};
pub use scope::{Scope, TooMany};
pub use state::{Forgettable, LiveState, Touched, VIEWER};
pub use values::{brief, same_value};
pub use vars::{Conflict, Hand, Pending, Stage, VarState};
pub use verdict::{DeviceRow, Fate};
pub use view::{MAX_FILTER_CHARS, Pane, Place, View};
