//! Which part of the log is searched.

use clap::ValueEnum;

use crate::api::escape;

/// Which end of the log comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// The newest line first
    Newest,
    /// The oldest line first
    Oldest,
}

/// What is searched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The filter.
    pub filter: String,
    /// Not before this time.
    pub from: Option<String>,
    /// Before this time.
    pub to: Option<String>,
    /// `None`: the newest first.
    pub order: Option<Order>,
}

impl Wanted {
    /// As parameters of a query.
    pub(crate) fn query(&self) -> String {
        let mut query = format!("q={}", escape(&self.filter));
        for (name, time) in [("from", &self.from), ("to", &self.to)] {
            if let Some(time) = time {
                query += &format!("&{name}={}", escape(time));
            }
        }
        match self.order {
            Some(Order::Newest) => query += "&order=newest",
            Some(Order::Oldest) => query += "&order=oldest",
            None => {}
        }
        query
    }
}
