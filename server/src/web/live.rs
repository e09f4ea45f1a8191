//! The dashboard's WebSocket: who may open it, and its limits.

mod socket;

use axum::{
    Extension,
    extract::{Query, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use protocol::{
    limits::MAX_LIVE_MESSAGE_BYTES,
    live::{CLOSE_CROWDED, CLOSE_VERSION, LIVE_VERSION},
};
use serde::Deserialize;

use self::socket::LiveSocket;
use super::{
    Web,
    auth::MaybeSignedIn,
    client::{ClientAddress, Scheme},
    serve::HeldPermit,
};

/// Holds the longest message; messages are sent one at a time. Snapshots are sent in parts of an eighth of this; a single
/// declaration that is longer than such a part fits, too.
const MAX_WRITE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

#[derive(Deserialize)]
pub(super) struct Version {
    v: Option<u32>,
}

/// `GET /live?v=<version>`: refused before the upgrade unless it comes from the server's own page, with a session.
#[expect(clippy::too_many_arguments, reason = "one argument per extractor")]
pub(super) async fn live(
    State(web): State<Web>,
    MaybeSignedIn(caller): MaybeSignedIn,
    scheme: Scheme,
    headers: HeaderMap,
    Extension(permit): Extension<HeldPermit>,
    ClientAddress(address): ClientAddress,
    Query(version): Query<Version>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !web.is_own_origin(scheme, &headers) {
        let text = "only the dashboard's own page may open this; behind a proxy, set OBSERVERIO_PUBLIC_URL\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let Some(caller) = caller else {
        return (StatusCode::UNAUTHORIZED, "sign in first\n").into_response();
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    // tracked from here on, so that the server waits for it on shutdown
    let counted = web.tasks.token();
    limited(upgrade).on_upgrade(move |socket| async move {
        let followed = web.rates.follow(&caller);
        let readers = (web.readers, address);
        let live = LiveSocket::new(socket, web.gateway, web.rates, readers, caller);
        if version.v != Some(LIVE_VERSION) {
            live.close(CLOSE_VERSION, "this page is of another version; reload it").await;
        } else if followed.is_none() {
            live.close(CLOSE_CROWDED, "too many live pages of this account are open; close some").await;
        } else {
            live.run(web.stop).await;
        }
        drop((counted, permit, followed));
    })
}

/// Limits for WebSockets; the library's defaults are 64 MiB.
pub(super) fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_LIVE_MESSAGE_BYTES)
        .max_frame_size(MAX_LIVE_MESSAGE_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
}
