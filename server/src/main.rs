//! The `warmhand` program. Refuses with one sentence and a status that is not 0.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let environment = std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
    warmhand_server::cli::run(
        std::env::args_os(),
        environment.collect(),
        &mut out,
        &mut err,
    )
    .await
}
