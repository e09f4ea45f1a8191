//! Long lists read page by page, for one response or a download.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use gateway::{Caller, Gateway, GatewayError};
use tokio::sync::watch;

use super::error::{ApiResult, Problem};
use crate::{
    share::Share,
    web::{Web, rates::Principal},
};

/// Something that is read page by page and written as it is read.
pub(super) trait Download: Send + 'static {
    /// The next piece of text, which may be empty; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, GatewayError>> + Send;
}

/// Checks the caller again whenever anyone's rights have changed, so that a long download ends when they lose theirs.
pub(super) struct DownloadGuard {
    gateway: Gateway,
    caller: Caller,
    changes: watch::Receiver<u64>,
    _share: Share<Principal>,
}

impl DownloadGuard {
    /// # Errors
    /// `crowded` if they have too many downloads in progress.
    pub(super) fn new(web: &Web, caller: &Caller) -> ApiResult<Self> {
        let _share = web.rates.download(caller).ok_or_else(Problem::many_downloads)?;
        let (gateway, caller) = (web.gateway.clone(), caller.clone());
        Ok(Self { changes: gateway.access_changes(), gateway, caller, _share })
    }

    /// # Errors
    /// [`GatewayError::Forbidden`] if their session or token has ended.
    async fn check(&mut self) -> Result<(), GatewayError> {
        if self.changes.has_changed().unwrap_or(true) {
            self.changes.mark_unchanged();
            self.gateway.renew(&self.caller).await?.ok_or(GatewayError::Forbidden)?;
        }
        Ok(())
    }
}

/// The body of a download. A page is read once the previous one was sent, so a slow reader holds up nobody and costs one
/// page. An error in the middle cuts the connection: half a file must not look complete.
///
/// # Errors
/// Those of the first page, which can still become the response.
pub(super) async fn body_of<D: Download>(
    mut download: D,
    guard: DownloadGuard,
) -> Result<Body, GatewayError> {
    let first = download.next().await?;
    let rest = stream::try_unfold((download, guard), |(mut download, mut guard)| async {
        let step = async {
            guard.check().await?;
            download.next().await
        };
        match step.await {
            Ok(piece) => Ok(piece.map(|piece| (Bytes::from(piece), (download, guard)))),
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a download ended early");
                Err(error)
            }
        }
    });
    let Some(first) = first else { return Ok(Body::empty()) };
    let first = stream::once(async { Ok::<_, Infallible>(Bytes::from(first)) });
    let first = futures_util::TryStreamExt::map_err(first, |never| match never {});
    Ok(Body::from_stream(futures_util::StreamExt::chain(first, rest)))
}
