//! Variables and devices as they are now, for those who ask once and don't watch.

use std::collections::HashMap;

use protocol::model::{Device, DeviceId, ProjectId, Var, VarName};

use crate::{
    Action, Caller, Gateway, GatewayError,
    live::{MAX_LOADED_DEVICES, State},
};

/// What is known of the variables in one part of the list, in bytes; beyond it the part ends early, but it has one at least.
const MAX_PART_BYTES: usize = 256 * 1024;

/// A part of a project's variables.
#[derive(Clone, Debug)]
pub struct VarPart {
    /// In the order in which they were first declared.
    pub vars: Vec<Var>,
    /// Every device of the project.
    pub devices: Vec<Device>,
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
        self.look(project, &[], |state| state.devices()).await
    }

    /// What is in memory of a project, or of what is stored only these variables, with all devices.
    async fn look<T>(
        &self,
        project: ProjectId,
        names: &[VarName],
        show: impl FnOnce(&State) -> T,
    ) -> Result<T, GatewayError> {
        if let Some(live) = self.inner.projects.get(project) {
            return Ok(show(&live.state()));
        }
        let part = self.inner.store.load_vars(project, names, MAX_LOADED_DEVICES).await?;
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
            let text = "this place in the list is no longer there; begin again from its start";
            return Err(GatewayError::Invalid(text.to_owned()));
        };
        Ok(VarPart { vars, devices: state.devices(), has_more })
    }

    /// One variable, with every device of the project.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also when there is no such variable, [`GatewayError::Unavailable`].
    pub async fn get_var(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &VarName,
    ) -> Result<(Var, Vec<Device>), GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let names = std::slice::from_ref(name);
        let (mut var, devices, is_whole) = self
            .look(project, names, |state| {
                (state.picture.var(name), state.devices(), state.picture.is_whole())
            })
            .await?;
        if !is_whole {
            // what was too large to be loaded is in the database
            let stored = self.inner.store.load_vars(project, names, MAX_LOADED_DEVICES).await?;
            let stored = State::new(stored.ok_or(GatewayError::NotFound)?, self.is_storing());
            var = stored.picture.var(name);
        }
        Ok((var.ok_or(GatewayError::NotFound)?, devices))
    }
}
