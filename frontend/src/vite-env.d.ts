// Types of what Vite makes importable (style sheets).
/// <reference types="vite/client" />
