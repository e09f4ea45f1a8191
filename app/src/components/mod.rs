//! One widget a file: values in, callbacks out. None of them asks the server for anything.

mod account_menu;
mod action_button;
mod color_field;
mod confirm;
mod control;
mod copy;
mod delivery_list;
mod device_list;
mod failure;
mod gesture;
mod header;
mod issued;
mod log_detail;
mod log_filter;
mod log_lines;
mod log_notes;
mod log_place;
mod log_reach;
mod log_row;
mod log_selection;
mod log_view;
mod number_field;
mod option_field;
mod pane_separator;
mod project_tabs;
mod quick_start;
mod refusals;
mod remembered;
mod scale;
mod status_chip;
mod text_entry;
mod toggle;
mod var_list;
mod var_row;

pub use account_menu::AccountMenu;
pub use action_button::ActionButton;
pub use color_field::ColorField;
pub use confirm::Confirm;
pub use control::Control;
pub use copy::Copy;
pub use delivery_list::DeliveryList;
pub use device_list::DeviceList;
pub use failure::Failure;
pub use gesture::GestureSession;
pub use header::{Header, Logo};
pub use issued::Issued;
pub(crate) use issued::forget_form;
pub use log_view::LogView;
pub use number_field::NumberField;
pub use option_field::OptionField;
pub use project_tabs::{ProjectTab, ProjectTabs};
pub use quick_start::QuickStart;
pub use refusals::Refusals;
pub use status_chip::StatusChip;
pub use text_entry::TextEntry;
pub(crate) use text_entry::typed_before;
pub use toggle::Toggle;
pub use var_list::VarList;
pub use var_row::VarRow;

use leptos::prelude::Callback;
use protocol::live::Gesture;
use protocol::model::Value;

/// A control's new value, with the drag or the run of keys that it is part of.
pub type OnEdit = Callback<(Value, Gesture)>;
