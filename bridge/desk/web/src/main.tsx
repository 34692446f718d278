import "./styles/tokens.css";
import "./styles/base.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { startDrafts } from "./state/drafts.ts";
import { startPreferences } from "./state/preferences.ts";
import { startRouter } from "./state/router.ts";
import { findOut } from "./state/session.ts";

startPreferences();
startRouter();
startDrafts();
render(<App />, document.getElementById("app")!);
void findOut();
