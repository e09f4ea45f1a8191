//! The API's reference.
pub(in crate::web) async fn reference() -> &'static str {
    let _ = super::v1::document();
    "soon"
}
