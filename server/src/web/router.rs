//! Every route of the HTTP port, in one table.

use std::sync::OnceLock;

use anyhow::ensure;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::Method,
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodRouter, get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use super::{Web, api, body, demo, echo, encryption, forms, game, guard, live, metrics, pages, site};

/// One method of one path.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET` answers `HEAD` too.
    pub method: Method,
    /// In axum's notation: `{id}` is one segment, `{*rest}` all that follow.
    pub path: &'static str,
    /// The kind of response.
    pub class: RouteClass,
    /// Whether a request may change what is stored. It is never a `GET`.
    pub changes: bool,
    /// `None` if it is in the API's own router, which is built from the same handlers as its document.
    handler: Option<fn() -> MethodRouter<Web>>,
}

/// A kind of response: who requests it, and the format of its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteClass {
    /// HTML rendered by Leptos; without a session, it redirects to the sign-in page.
    Page,
    /// The target of a page's form; it responds with a redirect.
    Form,
    /// A server function that pages call.
    ServerFunction,
    /// A WebSocket: the dashboard's, or the games'.
    Socket,
    /// A file of the site: the same for everybody.
    Static,
    /// For operators and their monitoring.
    Operations,
    /// JSON for scripts, as the first observerio had it.
    Api,
    /// JSON for scripts, version 1.
    ApiV1,
    /// A stream of version 1.
    Events,
}

impl RouteClass {
    /// Files are compressed at build time; the rest is small or not for browsers.
    fn is_compressed(self) -> bool {
        matches!(self, Self::Page | Self::Form | Self::ServerFunction)
    }
}

const fn reads(class: RouteClass, path: &'static str, handler: fn() -> MethodRouter<Web>) -> Route {
    Route { method: Method::GET, path, class, changes: false, handler: Some(handler) }
}

const fn changes(class: RouteClass, path: &'static str, handler: fn() -> MethodRouter<Web>) -> Route {
    Route { method: Method::POST, path, class, changes: true, handler: Some(handler) }
}

/// The table. All other paths are 404, all other methods of these 405.
static ROUTES: &[Route] = {
    use RouteClass::{Api, Form, Operations, Page, ServerFunction, Socket, Static};
    &[
        reads(Page, "/", || get(pages::page)),
        reads(Page, "/setup", || get(pages::page)),
        reads(Page, "/sign-in", || get(pages::page)),
        reads(Page, "/p/{id}/live", || get(pages::page)),
        reads(Page, "/p/{id}/logs", || get(pages::page)),
        reads(Page, "/p/{id}/errors", || get(pages::page)),
        reads(Page, "/join", || get(pages::page)),
        reads(Page, "/reset", || get(pages::page)),
        reads(Page, "/account", || get(pages::page)),
        reads(Page, "/account/tokens", || get(pages::page)),
        reads(Page, "/account/second-factor", || get(pages::page)),
        reads(Page, "/accounts", || get(pages::page)),
        reads(Page, "/audit", || get(pages::page)),
        reads(Page, "/p/{id}/settings", || get(pages::page)),
        reads(Page, "/p/{id}/settings/members", || get(pages::page)),
        reads(Page, "/p/{id}/settings/keys", || get(pages::page)),
        reads(Page, "/p/{id}/settings/schema", || get(pages::page)),
        reads(Page, "/p/{id}/settings/retention", || get(pages::page)),
        reads(Page, "/p/{id}/settings/audit", || get(pages::page)),
        changes(Form, "/setup", || post(forms::session::set_up)),
        changes(Form, "/sign-in", || post(forms::session::sign_in)),
        changes(Form, "/sign-out", || post(forms::session::sign_out)),
        changes(Form, "/join", || post(forms::links::join)),
        changes(Form, "/reset", || post(forms::links::reset_password)),
        changes(Form, "/account", || post(forms::account::change_password)),
        changes(Form, "/account/sessions/end", || post(forms::account::end_session)),
        changes(Form, "/account/sign-out-everywhere", || post(forms::account::sign_out_everywhere)),
        changes(Form, "/account/tokens", || post(forms::account::create_token)),
        changes(Form, "/account/tokens/delete", || post(forms::account::delete_token)),
        changes(Form, "/account/second-factor", || post(forms::factor::change)),
        changes(Form, "/accounts", || post(forms::accounts::issue_reset_link)),
        changes(Form, "/accounts/second-factor/remove", || post(forms::accounts::remove_second_factor)),
        changes(Form, "/accounts/delete", || post(forms::accounts::delete)),
        changes(Form, "/projects", || post(forms::projects::create)),
        changes(Form, "/p/{id}/settings", || post(forms::projects::rename)),
        changes(Form, "/p/{id}/settings/delete", || post(forms::projects::delete)),
        changes(Form, "/p/{id}/settings/second-factor", || post(forms::projects::guard)),
        changes(Form, "/p/{id}/settings/members", || post(forms::members::invite)),
        changes(Form, "/p/{id}/settings/members/role", || post(forms::members::set_role)),
        changes(Form, "/p/{id}/settings/members/remove", || post(forms::members::remove)),
        changes(Form, "/p/{id}/settings/members/uninvite", || post(forms::members::revoke_invitation)),
        changes(Form, "/p/{id}/settings/keys", || post(forms::keys::create)),
        changes(Form, "/p/{id}/settings/keys/rotate", || post(forms::keys::rotate)),
        changes(Form, "/p/{id}/settings/keys/rights", || post(forms::keys::set_rights)),
        changes(Form, "/p/{id}/settings/keys/origins", || post(forms::keys::set_origins)),
        changes(Form, "/p/{id}/settings/keys/revoke", || post(forms::keys::revoke)),
        changes(Form, "/p/{id}/settings/schema", || post(forms::schema::freeze)),
        changes(Form, "/p/{id}/settings/schema/consent", || post(forms::schema::consent)),
        changes(Form, "/p/{id}/settings/schema/dismiss", || post(forms::schema::dismiss)),
        changes(Form, "/p/{id}/settings/retention", || post(forms::retention::set)),
        changes(Form, "/p/{id}/settings/retention/pin", || post(forms::retention::pin)),
        changes(Form, "/p/{id}/settings/retention/unpin", || post(forms::retention::unpin)),
        // one path for all functions, so it counts as if it changed something
        changes(ServerFunction, "/api/{*function}", || post(pages::server_function)),
        reads(Socket, "/live", || get(live::live)),
        reads(Socket, "/game", || get(game::game)),
        reads(Static, "/pkg/{hash}/{file}", || get(site::package)),
        reads(Static, "/favicon.svg", || get(site::icon)),
        reads(Static, "/demo", || get(demo::demo)),
        reads(Static, "/docs/api", || get(api::reference)),
        reads(Operations, "/alive", || get(api::alive)),
        reads(Operations, "/healthz", || get(api::alive)),
        reads(Operations, "/readyz", || get(api::ready)),
        reads(Operations, "/metrics", || get(metrics::metrics)),
        reads(Api, "/users/tokens", || get(api::generate_key)),
        changes(Api, "/users/tokens", || post(api::register_key)),
        changes(Api, "/users", || post(api::register_user)),
    ]
};

/// All routes of the HTTP port, for tests that check them all.
pub fn routes() -> &'static [Route] {
    static ALL: OnceLock<Vec<Route>> = OnceLock::new();
    ALL.get_or_init(|| {
        let of_api = api::operations().into_iter().map(|(method, path)| {
            let class = if path.ends_with("/live") { RouteClass::Events } else { RouteClass::ApiV1 };
            Route { changes: !method.is_safe(), method, path, class, handler: None }
        });
        ROUTES.iter().cloned().chain(of_api).collect()
    })
}

/// The paths of all server functions, each a `POST` below `/api/`.
pub fn server_functions() -> Vec<&'static str> {
    leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect()
}

/// The router of the HTTP port.
///
/// # Errors
/// When a page of the app has no row in the table.
pub(crate) fn router(web: &Web) -> anyhow::Result<Router> {
    check_pages()?;
    let of = |compressed: bool| ROUTES.iter().filter(move |route| route.class.is_compressed() == compressed);
    let add = |router: Router<Web>, route: &Route| match route.handler {
        Some(handler) => router.route(route.path, handler()),
        None => router,
    };
    let compressed = of(true).fold(api::answers(), add).fallback(pages::not_found);
    let compressed = compressed.layer(CompressionLayer::new());
    let mut plain = of(false).fold(api::streams(), add);
    if web.settings.echo {
        plain = plain.route("/echo", get(echo::echo));
    }
    let router = plain
        .merge(compressed)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(body::read))
        .layer(from_fn_with_state(web.clone(), guard::check_origin))
        .layer(from_fn_with_state(web.clone(), encryption::enforce))
        .layer(from_fn_with_state(web.clone(), guard::check_host));
    Ok(around_all(router).with_state(web.clone()))
}

/// Adds the security headers to every response, even after a panic.
fn around_all<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let router = router.layer(CatchPanicLayer::new()).layer(from_fn(api::answer_in_json));
    router.layer(from_fn(guard::harden))
}

/// Checks that the app and the table have the same pages; this also prepares Leptos for rendering. A page that is only in the app
/// would be rendered by the browser's router and be unknown to the server.
fn check_pages() -> anyhow::Result<()> {
    let mut in_app: Vec<_> = pages::paths().iter().map(String::as_str).collect();
    let mut in_table: Vec<_> =
        ROUTES.iter().filter(|route| route.class == RouteClass::Page).map(|page| page.path).collect();
    in_app.sort_unstable();
    in_table.sort_unstable();
    ensure!(in_app == in_table, "the app has the pages {in_app:?}, the router {in_table:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use hyper::{Request, service::Service as _};
    use hyper_util::service::TowerToHyperService;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer_with_headers_and_without_its_words() {
        let fault = || async {
            assert!(std::hint::black_box(ROUTES.len()) == 0, "hunter2");
            "unreachable"
        };
        let router: Router = around_all(Router::new().route("/", get(fault)));
        let answer = TowerToHyperService::new(router).call(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status(), 500);
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.headers()[name], value);
        }
        let body = to_bytes(answer.into_body(), 1_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
    }
}
