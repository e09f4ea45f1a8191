//! Variables and devices as they are now, for those who ask once and don't watch.

use std::collections::HashMap;

use protocol::model::{Device, DeviceId, ProjectId, VarName};

use crate::{
    Action, Caller, Gateway, GatewayError,
    live::{MAX_LOADED_DEVICES, SaidPlace, State, VarPage},
    store::SaidRange,
};

/// What is known of the variables in one part of the list, or of one variable in a page, in bytes as JSON; beyond it they end
/// early, but have one entry at least.
const MAX_PART_BYTES: usize = 256 * 1024;

/// A part of a project's variables.
#[derive(Clone, Debug)]
pub struct VarPart {
    /// In the order in which they were first declared.
    pub vars: Vec<VarPage>,
    /// Whether more variables follow.
    pub has_more: bool,
}

impl Gateway {
    /// Devices of a project, in the order in which they were first seen.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn list_devices(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<Vec<Device>, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        self.look(project, &[], SaidRange::NONE, |state| state.devices()).await
    }

    /// What is in memory of a project, or of what is stored only these variables with a part of what devices say, and all
    /// devices.
    async fn look<T>(
        &self,
        project: ProjectId,
        names: &[VarName],
        said: SaidRange,
        show: impl FnOnce(&State) -> T,
    ) -> Result<T, GatewayError> {
        if let Some(live) = self.inner.projects.get(project) {
            return Ok(show(&live.state()));
        }
        self.look_at_stored(project, names, said, show).await
    }

    async fn look_at_stored<T>(
        &self,
        project: ProjectId,
        names: &[VarName],
        said: SaidRange,
        show: impl FnOnce(&State) -> T,
    ) -> Result<T, GatewayError> {
        let part = self.inner.store.load_vars(project, names, MAX_LOADED_DEVICES, said).await?;
        Ok(show(&State::new(part.ok_or(GatewayError::NotFound)?, self.is_storing())))
    }

    /// What the devices of a project are called, those too that are not there any more and left log lines.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn device_names(
        &self,
        caller: &Caller,
        project: ProjectId,
    ) -> Result<HashMap<DeviceId, String>, GatewayError> {
        let devices = self.list_devices(caller, project).await?;
        let mut names: HashMap<DeviceId, String> =
            self.inner.store.list_forgotten(project).await?.into_iter().collect();
        names.extend(devices.into_iter().map(|device| (device.id, device.name)));
        Ok(names)
    }

    /// At most `limit` variables, those behind one of them if that is given; fewer when their values are large.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Invalid`] when there is no variable `after`,
    /// [`GatewayError::Unavailable`].
    pub async fn list_vars(
        &self,
        caller: &Caller,
        project: ProjectId,
        after: Option<&VarName>,
        limit: usize,
    ) -> Result<VarPart, GatewayError> {
        let live = self.live(caller, Action::ReadProject, project).await?;
        let state = live.state();
        let Some((vars, has_more)) = state.picture.vars_after(after, limit, MAX_PART_BYTES) else {
            let text = "this position in the list no longer exists; start again from the beginning";
            return Err(GatewayError::Invalid(text.to_owned()));
        };
        Ok(VarPart { vars, has_more })
    }

    /// One variable, with what devices say of it behind a place: a page of it.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also when there is no such variable, [`GatewayError::Unavailable`].
    pub async fn get_var(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &VarName,
        after: Option<SaidPlace>,
    ) -> Result<VarPage, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let (names, after) = (std::slice::from_ref(name), after.unwrap_or(SaidPlace::START));
        let said = SaidRange { from: after.device, bytes: MAX_PART_BYTES };
        let show = |state: &State| state.picture.var_page(name, after, MAX_PART_BYTES, 1);
        let (page, is_whole) =
            self.look(project, names, said, |state| (show(state), state.picture.is_whole())).await?;
        let page = if is_whole {
            page
        } else {
            // what was too large to be loaded is in the database
            self.look_at_stored(project, names, said, show).await?
        };
        page.ok_or(GatewayError::NotFound)
    }
}
