//! A desktop's notification service for tests, as the Desktop Notifications Specification 1.2 has it.
//!
//! It serves the session bus that `DBUS_SESSION_BUS_ADDRESS` names, and writes one JSON object a line: `{"ready":true}`, then
//! `{"id","replaces","title","body","actions"}` for each notification and `{"closed":id}` for each that is taken back. A line
//! `click ID` or `close ID` on its standard input does what a person would.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    service::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod service {
    use std::{collections::HashMap, error::Error, io};

    use serde_json::json;
    use zbus::{
        blocking::{Connection, connection::Builder},
        object_server::SignalEmitter,
        zvariant::OwnedValue,
    };

    const PATH: &str = "/org/freedesktop/Notifications";

    struct Service {
        shown: u32,
    }

    #[zbus::interface(name = "org.freedesktop.Notifications")]
    impl Service {
        fn get_capabilities(&self) -> Vec<&str> {
            vec!["actions", "body", "body-markup"]
        }

        fn get_server_information(&self) -> (&str, &str, &str, &str) {
            ("test", "Snug", "1", "1.2")
        }

        #[allow(clippy::too_many_arguments, reason = "the specification has them")]
        fn notify(
            &mut self,
            _app_name: &str,
            replaces_id: u32,
            _app_icon: &str,
            summary: &str,
            body: &str,
            actions: Vec<String>,
            _hints: HashMap<String, OwnedValue>,
            _expire_timeout: i32,
        ) -> u32 {
            let id = if replaces_id > 0 {
                replaces_id
            } else {
                self.shown += 1;
                self.shown
            };
            println!(
                "{}",
                json!({ "id": id, "replaces": replaces_id, "title": summary, "body": body, "actions": actions })
            );
            id
        }

        async fn close_notification(
            &self,
            id: u32,
            #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        ) -> zbus::fdo::Result<()> {
            println!("{}", json!({ "closed": id }));
            Self::notification_closed(&emitter, id, 3).await?;
            Ok(())
        }

        #[zbus(signal)]
        async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str) -> zbus::Result<()>;

        #[zbus(signal)]
        async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
    }

    pub fn run() -> Result<(), Box<dyn Error>> {
        let service = Service { shown: 0 };
        let connection =
            Builder::session()?.name("org.freedesktop.Notifications")?.serve_at(PATH, service)?.build()?;
        println!("{}", json!({ "ready": true }));
        for line in io::stdin().lines() {
            act(&connection, &line?)?;
        }
        Ok(())
    }

    /// A person clicks on a notification, or closes it.
    fn act(connection: &Connection, line: &str) -> Result<(), Box<dyn Error>> {
        let (act, id) = line.split_once(' ').ok_or("“click ID” or “close ID” is wanted")?;
        let id: u32 = id.parse()?;
        let service = connection.object_server().interface::<_, Service>(PATH)?;
        let emitter = service.signal_emitter();
        if act == "click" {
            zbus::block_on(Service::action_invoked(emitter, id, "default"))?;
        }
        // Desktops take a notification away that was clicked on.
        zbus::block_on(Service::notification_closed(emitter, id, 2))?;
        Ok(())
    }
}
