//! What the browser remembers of a page's appearance. If storage is blocked or full, nothing is remembered.

#[cfg(feature = "hydrate")]
fn storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().local_storage().ok().flatten()
}

/// The value stored under this name.
pub(crate) fn remembered(name: &str) -> Option<String> {
    #[cfg(feature = "hydrate")]
    return storage()?.get_item(name).ok().flatten();
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = name;
        None
    }
}

/// Stores a value, or removes it.
pub(crate) fn remember(name: &str, value: Option<&str>) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = storage() {
        // it fails when there is no room
        let _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (name, value);
}
