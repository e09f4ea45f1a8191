//! Where everything is kept: SQLite in a file, or Postgres. All SQL is in this folder.
//!
//! Both pass the same stories (`tests/store`). Each noun has a trait, which a test can stand in for; [`SqlStore`] implements
//! them all. What games and designers produce in numbers goes through [`Commits::commit`], many writes in one transaction.

mod access;
mod backup;
#[doc(hidden)]
pub mod batch;
mod budget;
mod cells;
mod chores;
mod commits;
mod database;
mod error;
mod files;
mod game_sessions;
mod history;
mod log_blocks;
mod log_times;
mod logs;
mod migrations;
mod note;
mod page;
mod patterns;
mod postgres;
mod retention;
mod schema;
mod snapshots;
mod sql;
mod sql_store;
mod sqlite;
mod times;
mod write;

pub use access::{
    Access, Accounts, AuditTrail, Factor, Factors, Joining, KeyState, KeyStates, Keys, Link, LinkPurpose,
    Links, Members, NewKey, NewLink, NewSearch, NewSession, NewToken, NewUser, Projects, Searches, Sessions,
    Tokens, UserSessions,
};
pub use backup::{Location, Restored, back_up, restore};
pub use cells::TokenHash;
pub(crate) use cells::handle;
pub use chores::{Chore, Chores};
pub use commits::{Commits, Epoch};
pub use database::Store;
pub use error::{Result, StoreError};
pub use files::{make_folder, open_private};
pub use game_sessions::{GameSessions, SessionClock};
pub use history::{GestureRow, History, HistoryRow};
pub(crate) use log_blocks::MAX_SPAN;
pub use log_blocks::{BlockHead, BlockIndex, BlockRange, LogBlock, LogBlocks, Unindexed};
pub use log_times::{BlockTimes, LineTime, LogTimes, Untimed};
pub use logs::Logs;
pub use note::AuditRow;
pub use page::PAGE_BYTES;
pub use patterns::{DeviceBuild, NewestBuild, PatternMark, PatternRow, PatternStep, Patterns, Ungrouped};
pub use retention::{
    BlockCounts, ForgetLines, ForgetOthers, Forgot, LevelCount, LineMark, LogCounts, OldEdit, Pins, Policies,
    Retaining,
};
pub(crate) use snapshots::ENTRY_BYTES;
pub use snapshots::{LeftOut, LoadRoom, ProjectState, SaidRange, Snapshots, StoredDevice, StoredVar};
pub use sql_store::SqlStore;
pub(crate) use times::{TimesBuilder, for_each_time};
pub use write::{Conflict, DeviceInfo, OpenSession, Sequenced, Ticket, Write, Written};
