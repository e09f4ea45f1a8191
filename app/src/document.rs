//! The HTML document and its routes.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::package::Package;
use crate::pages::{
    Accounts, Errors, General, InstanceAudit, Join, Keys, Live, Logs, Members, NotFound, OwnAccount,
    ProjectAudit, Projects, Reset, Retention, Schema, SecondFactor, SetUp, SignIn, Tokens,
};
use crate::raw_text::raw_text;
use crate::zone::provide_zone;

/// Runs before the first paint, so that the theme, the phone's tabs, the remembered filters, the widths of panes and the closed
/// groups ([`crate::live::keep_view`], [`crate::live::ClosedGroups`]) don't flash, and so that nothing is lost of what a person
/// types before hydration ([`crate::components::typed_before`]).
const BEFORE_PAINT: &str = "(d=>{d.dataset.js='';try{const s=localStorage,l=location,t=s.getItem('theme'),\
     p=/^\\/p\\/(\\d+)\\/(live|logs)$/.exec(l.pathname);\
     if(t==='dark'||t==='light')d.dataset.theme=t;\
     if(p){const v=s.getItem('view:'+p[1]),q=k=>new URLSearchParams(k||'');\
     if(p[2]==='live'&&!l.search&&v&&v[0]==='?')return l.replace(l.pathname+v+l.hash);\
     for(const k of ['devices-width','log-width','log-detail-height']){const n=parseFloat(s.getItem(k+':'+p[1]));\
     if(n>0){d.style.setProperty('--'+k,n+'px');d.setAttribute('data-'+k,'')}}\
     const g=q(s.getItem('closed:'+p[1])).getAll('g');\
     if(g.length&&!(q(l.search).get('q')||'').trim()){const o=new MutationObserver(()=>{\
     if('live' in d.dataset)return o.disconnect();\
     for(const e of document.querySelectorAll('.group[open]'))if(g.includes(e.dataset.group))e.open=false});\
     o.observe(d,{childList:true,subtree:true})}}}catch{}\
     addEventListener('input',({target:t})=>{if(!('live' in d.dataset)&&t.closest('.var-control,.filter,.log-filter'))\
     t.dataset.typed=t.value},true)})(document.documentElement)";

/// The secret of a one-time link is its fragment, which browsers don't send: it reaches no log, referrer or proxy. Before
/// anything else can see it, it is removed from the address, and so from the browser's history, and posted to the page, which
/// then says what the link is for. Older links have it in the query: there it is removed from the history.
const OPEN_LINK: &str = "(()=>{const l=location,open=()=>{const p=l.pathname;\
     if(!/^\\/(join|reset|setup)$/.test(p))return;\
     const of=s=>new URLSearchParams(s.slice(1)).get('token'),t=of(l.hash);\
     if(t||of(l.search))history.replaceState(history.state,'',p);if(!t)return;\
     const send=()=>{const f=document.createElement('form');f.method='post';f.action=p;f.hidden=true;\
     for(const [n,v] of [['token',t],['open','1']]){const i=document.createElement('input');\
     i.type='hidden';i.name=n;i.value=v;f.append(i)}document.body.append(f);f.submit()};\
     document.readyState==='loading'?addEventListener('DOMContentLoaded',send):send()};\
     open();addEventListener('hashchange',open)})()";

/// The HTML document around the application.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let styles = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    // early, so that the first paint has it and nothing moves later
    let font = format!("/{}/inter.woff2", options.site_pkg_dir);
    provide_context(Package(options.site_pkg_dir.to_string()));
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="dark light" />
                <script nonce=leptos::nonce::use_nonce()>{OPEN_LINK}</script>
                <script nonce=leptos::nonce::use_nonce()>{BEFORE_PAINT}</script>
                <link rel="stylesheet" href=styles />
                <link rel="preload" r#as="font" type="font/woff2" crossorigin="anonymous" href=font />
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The routes.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_zone();
    // Async: the first response holds the whole page, also without JavaScript
    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "observerio".to_owned() } else { raw_text(format!("{title} – observerio")) }
        } />
        <a class="skip" href="#main">
            "Skip to content"
        </a>
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Projects ssr=SsrMode::Async />
                <Route path=path!("/setup") view=SetUp ssr=SsrMode::Async />
                <Route path=path!("/sign-in") view=SignIn ssr=SsrMode::Async />
                <Route path=path!("/join") view=Join ssr=SsrMode::Async />
                <Route path=path!("/reset") view=Reset ssr=SsrMode::Async />
                <Route path=path!("/account") view=OwnAccount ssr=SsrMode::Async />
                <Route path=path!("/account/tokens") view=Tokens ssr=SsrMode::Async />
                <Route path=path!("/account/second-factor") view=SecondFactor ssr=SsrMode::Async />
                <Route path=path!("/accounts") view=Accounts ssr=SsrMode::Async />
                <Route path=path!("/audit") view=InstanceAudit ssr=SsrMode::Async />
                <Route path=path!("/p/:id/live") view=Live ssr=SsrMode::Async />
                <Route path=path!("/p/:id/logs") view=Logs ssr=SsrMode::Async />
                <Route path=path!("/p/:id/errors") view=Errors ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings") view=General ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/members") view=Members ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/keys") view=Keys ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/schema") view=Schema ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/retention") view=Retention ssr=SsrMode::Async />
                <Route path=path!("/p/:id/settings/audit") view=ProjectAudit ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}
