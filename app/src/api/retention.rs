//! Data for the page about how long a project keeps what.

use leptos::prelude::*;
use protocol::model::{LogBeginning, ProjectId, Retention, RetentionEstimate, RetentionPolicy, UnixMicros};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::{AppError, LowDisk, ProjectHead, Reply};
#[cfg(feature = "ssr")]
use super::{app_error, authorise, now, reply, team::head};

/// Bytes of the unit in which the form has sizes.
const MEGABYTE: u64 = 1_000_000;

/// A policy as it stands in the form; an empty field is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyForm {
    /// Days for each level.
    pub trace: String,
    /// The same.
    pub debug: String,
    /// The same.
    pub info: String,
    /// The same.
    pub warn: String,
    /// The same.
    pub error: String,
    /// The same.
    pub fatal: String,
    /// Size of the log in megabytes.
    pub log_megabytes: String,
    /// Days for edits.
    pub history: String,
    /// Days for remembered requests.
    pub requests: String,
    /// Days for devices.
    pub devices: String,
}

impl PolicyForm {
    /// The policy that it says.
    ///
    /// # Errors
    /// When a field is not a number that it may be: a sentence that says what to do.
    pub fn policy(&self) -> Result<RetentionPolicy, String> {
        let levels = [&self.trace, &self.debug, &self.info, &self.warn, &self.error, &self.fatal];
        let mut log_days = [None; 6];
        for (days, text) in log_days.iter_mut().zip(levels) {
            *days = number(text)?;
        }
        let megabytes: Option<u64> = number(&self.log_megabytes)?;
        let policy = RetentionPolicy {
            log_days,
            log_bytes: megabytes.map(|megabytes| megabytes.saturating_mul(MEGABYTE)),
            history_days: number(&self.history)?,
            request_days: number(&self.requests)?,
            device_days: number(&self.devices)?,
        };
        policy.check().map(|()| policy)
    }
}

/// A whole number; nothing: no limit.
fn number<T: std::str::FromStr>(text: &str) -> Result<Option<T>, String> {
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| "use whole numbers, or leave a field empty for no limit".to_owned()),
    }
}

impl From<RetentionPolicy> for PolicyForm {
    fn from(policy: RetentionPolicy) -> Self {
        let text = |days: Option<u16>| days.map(|days| days.to_string()).unwrap_or_default();
        let [trace, debug, info, warn, error, fatal] = policy.log_days.map(text);
        let megabytes = policy.log_bytes.map(|bytes| bytes.div_ceil(MEGABYTE).to_string());
        Self {
            trace,
            debug,
            info,
            warn,
            error,
            fatal,
            log_megabytes: megabytes.unwrap_or_default(),
            history: text(policy.history_days),
            requests: text(policy.request_days),
            devices: text(policy.device_days),
        }
    }
}

/// A pin as it stands in its form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PinForm {
    /// What people call it.
    pub name: String,
    /// Number of the first line.
    pub first: String,
    /// Number of the last line.
    pub last: String,
    /// Number of the device; empty: every one.
    pub device: String,
}

/// How long a project keeps what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionPage {
    /// Which project.
    pub head: ProjectHead,
    /// Its policy, its pins, and what was forgotten.
    pub retention: Retention,
    /// What the form begins with: what was typed before, or the policy.
    pub form: PolicyForm,
    /// What the policy in the form would remove, or why that can't be told; `None`: nobody asked.
    pub estimate: Option<Result<RetentionEstimate, String>>,
    /// The disk, if it is about to fill up.
    pub low_disk: Option<LowDisk>,
    /// The server's clock.
    pub now: UnixMicros,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// How long a project keeps what; with a form, also what its policy would remove.
#[server(input = Postcard, output = Postcard)]
pub async fn get_retention(project: ProjectId, draft: Option<PolicyForm>) -> Result<RetentionPage, AppError> {
    let asking = authorise()?;
    let head = head(&asking, gateway::Action::ManageRetention, project).await?;
    let (caller, gateway) = asking;
    let retention = gateway.get_retention(&caller, project).await.map_err(app_error)?;
    let estimate = match &draft {
        None => None,
        Some(form) => Some(match form.policy() {
            Err(why) => Err(why),
            Ok(policy) => {
                Ok(gateway.estimate_retention(&caller, project, &policy).await.map_err(app_error)?)
            }
        }),
    };
    let form = draft.unwrap_or_else(|| retention.policy.into());
    Ok(RetentionPage {
        head,
        retention,
        form,
        estimate,
        low_disk: LowDisk::of(&gateway),
        now: now(),
        reply: reply(),
    })
}

/// Where a project's log begins, and why older lines are not there.
#[server(input = Postcard, output = Postcard)]
pub async fn get_log_beginning(project: ProjectId) -> Result<LogBeginning, AppError> {
    let (caller, gateway) = authorise()?;
    gateway.log_beginning(&caller, project).await.map_err(app_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_policy_and_back() {
        let policy = RetentionPolicy::OF_NEW_PROJECTS;
        let form = PolicyForm::from(policy);
        assert_eq!((form.debug.as_str(), form.log_megabytes.as_str()), ("7", ""));
        assert_eq!(form.policy(), Ok(policy));
        let sized = PolicyForm { log_megabytes: " 500 ".to_owned(), ..PolicyForm::default() };
        let policy = RetentionPolicy { log_bytes: Some(500_000_000), ..RetentionPolicy::KEEP_ALL };
        assert_eq!(sized.policy(), Ok(policy));
        assert_eq!(PolicyForm::from(policy).log_megabytes, "500");
    }

    #[test]
    fn a_form_says_what_is_wrong() {
        let of = |debug: &str| PolicyForm { debug: debug.to_owned(), ..PolicyForm::default() }.policy();
        assert!(of("1.5").unwrap_err().contains("whole numbers"));
        assert!(of("-1").unwrap_err().contains("whole numbers"));
        assert!(of("0").unwrap_err().contains("1 to 3650 days"));
    }
}
