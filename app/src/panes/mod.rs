//! The panes of the live page. Unlike `components`, they read and change the page's [`Live`](crate::live::Live), which
//! `pages::live` provides.

mod devices;
mod forget;
mod left_out;
mod log;
mod neighbour;
mod refusals;
mod scope_bar;
mod vars;
mod waiting;

pub use devices::DeviceList;
pub use forget::ForgetQuestion;
pub use log::LogView;
pub use refusals::Refusals;
pub use vars::VarList;
