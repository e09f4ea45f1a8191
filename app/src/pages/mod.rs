//! One route a file: load, compose.

mod live;
mod not_found;
mod projects;
mod set_up;
mod sign_in;

pub use live::Live;
pub use not_found::NotFound;
pub use projects::Projects;
pub use set_up::SetUp;
pub use sign_in::SignIn;

/// The sentence for a code in `?error=`.
fn sentence(code: &str) -> &'static str {
    match code {
        "wrong_password" => "E-mail and password do not match.",
        "setup_link_spent" => "This set-up link was used already, or a newer one replaced it.",
        "rate" | "busy" => "Too many tries. Wait a few minutes, then try again.",
        "email_exists" => "There is an account with this e-mail already.",
        "invalid" => "Something in the form is missing or not allowed. A password has at least 8 characters.",
        "unavailable" => "The server cannot store anything right now. Try again in a moment.",
        "removed" => "You are no longer a member of that project.",
        "forbidden" => "You may not do this. Ask an admin of the project.",
        "link_spent" => "This link was used already, was taken back or has expired. Ask for a new one.",
        "signed_out" => "You were signed out.",
        _ => "That did not work. Try again.",
    }
}
