//! Signing in and out.

use super::{COOKIE, Guest, Nothing, html};
use crate::Server;
use crate::account::{Shut, token_hash};
use crate::caller::Caller;
use crate::dashboard::page::sign_in::SignInPage;
use crate::dashboard::words;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;
use std::sync::Arc;

/// Set with the door, sent back with its form: a form of another site cannot know it.
const DOOR: &str = "warmhand-door";

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// A path of this site and of no other.
fn local(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.contains(char::is_control);
    if is_local { page_of(next) } else { "/" }
}

/// The page on which an address stands that only a form is sent to: whoever's visit ended over the form goes on there.
fn page_of(next: &str) -> &str {
    match next.rsplit_once('/') {
        Some((page, "open" | "settle")) if page.starts_with("/handoffs/") => page,
        Some((page, "release" | "dismiss")) if page.starts_with("/quarantine/") => "/quarantine",
        Some(("", "sign-out" | "live")) => "/",
        _ => next,
    }
}

fn cookie(server: &Server, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(server.settings.secure_cookies)
        .build()
}

async fn page(
    server: &Server,
    jar: CookieJar,
    name: String,
    next: &str,
    error: Option<&str>,
    wait: Option<String>,
) -> Result<(CookieJar, Response), Nothing> {
    let door = match jar.get(DOOR) {
        Some(door) => door.value().to_owned(),
        None => hex::encode(server.random.bytes::<16>()),
    };
    let organisation = server.store.sheet().await?.name;
    let page = SignInPage {
        organisation,
        csrf: door.clone(),
        name,
        next: local(next).to_owned(),
        error: error.map(str::to_owned),
        wait,
    };
    Ok((jar.add(cookie(server, DOOR, door)), html(&page)))
}

pub(super) async fn show(
    State(server): State<Arc<Server>>,
    jar: CookieJar,
    Query(asked): Query<Next>,
) -> Result<Response, Nothing> {
    Ok(page(&server, jar, String::new(), &asked.next, None, None)
        .await?
        .into_response())
}

pub(super) async fn sign_in(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    jar: CookieJar,
    Form(asked): Form<Asked>,
) -> Result<Response, Nothing> {
    let door = jar
        .get(DOOR)
        .map(|c| c.value().to_owned())
        .unwrap_or_default();
    if door.is_empty() || door != asked.csrf {
        let (jar, page) = page(
            &server,
            jar,
            asked.name,
            &asked.next,
            Some("The form was too old. Please try again."),
            None,
        )
        .await?;
        return Ok((StatusCode::FORBIDDEN, jar, page).into_response());
    }
    let from = caller.key();
    // What stands in the form again is no longer than a name.
    let typed: String = asked.name.chars().take(100).collect();
    match server.sign_in(&asked.name, asked.password, &from).await {
        Ok(token) => {
            let jar = jar
                .remove(Cookie::build(DOOR).path("/"))
                .add(cookie(&server, COOKIE, token));
            Ok((jar, Redirect::to(local(&asked.next))).into_response())
        }
        Err(Shut::Wrong) => {
            let sentence = "This name and this password do not belong together.";
            let (jar, page) = page(&server, jar, typed, &asked.next, Some(sentence), None).await?;
            Ok((StatusCode::UNAUTHORIZED, jar, page).into_response())
        }
        Err(Shut::Wait(wait)) => {
            let sentence = format!(
                "Too many tries. Please wait {}.",
                words::duration(wait.as_mins() + 1)
            );
            let (jar, page) = page(&server, jar, typed, &asked.next, None, Some(sentence)).await?;
            Ok((StatusCode::TOO_MANY_REQUESTS, jar, page).into_response())
        }
        Err(Shut::Store(error)) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct Token {
    csrf: String,
}

pub(super) async fn sign_out(
    State(server): State<Arc<Server>>,
    guest: Guest,
    jar: CookieJar,
    Form(form): Form<Token>,
) -> Result<Response, Nothing> {
    guest.check(&form.csrf)?;
    server.store.end_session(token_hash(&guest.token)).await?;
    Ok((
        jar.remove(Cookie::build(COOKIE).path("/")),
        Redirect::to("/sign-in"),
    )
        .into_response())
}
