// The game key comes in the page's fragment, which browsers send to nobody. It leaves the address at once, and stays in this
// tab alone, so that the page can be loaded again.

const KEPT = 'demo-key';
const DEVICE = 'demo-device';

/** The key of this tab, or null. */
export function takeKey(location = window.location, history = window.history) {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given === null) return kept();
  history.replaceState(history.state, '', location.pathname + location.search);
  return keepKey(given);
}

/** Keeps a key for this tab. Null if it can't be one. */
export function keepKey(text) {
  const key = text.trim();
  // 12 printable characters of ASCII without a blank, as in the wire contract
  if (!/^[!-~]{12}$/.test(key)) return null;
  try {
    sessionStorage.setItem(KEPT, key);
  } catch {
    // without storage, the key is gone when the page is loaded again
  }
  return key;
}

/** Names this tab as a device: two tabs are two players, and loading the page again is the same one. */
export function deviceOfTab() {
  const words = crypto.getRandomValues(new Uint32Array(4));
  const fresh = `demo-${Array.from(words, word => word.toString(36)).join('')}`;
  try {
    const device = sessionStorage.getItem(DEVICE) ?? fresh;
    sessionStorage.setItem(DEVICE, device);
    return device;
  } catch {
    return fresh;
  }
}

/** Forgets the key of this tab. */
export function forgetKey() {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // it was never kept
  }
}

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
