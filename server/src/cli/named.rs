//! Devices as they are named at the terminal: by an id, or by a name that no other has.

use super::setup::open;
use crate::store::DeviceRow;
use crate::{Server, Settings};
use std::path::Path;
use std::sync::Arc;

/// A server on the folder, and the one device of it that was named.
pub(super) async fn named(device: &str, data: &Path) -> Result<(Arc<Server>, DeviceRow), String> {
    let server = open(data, Settings::default())?;
    let mut devices = devices(&server).await?;
    let is_meant = |row: &DeviceRow| row.id.to_string() == device || row.name == device;
    devices.retain(is_meant);
    match devices.len() {
        0 => Err(format!(
            "there is no device \"{device}\"; \"warmhand device list\" prints those there are"
        )),
        1 => Ok((server, devices.remove(0))),
        _ => Err(format!(
            "more than one device is called \"{device}\"; name it by its id, as \"warmhand device list\" prints it"
        )),
    }
}

/// Every device but the server's own.
pub(super) async fn devices(server: &Server) -> Result<Vec<DeviceRow>, String> {
    let rows = server.store.devices().await;
    let mut rows = rows.map_err(|error| error.to_string())?;
    rows.retain(|row| row.kind != "web");
    Ok(rows)
}
