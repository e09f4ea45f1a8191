import { expect, type Locator, type Page } from '@playwright/test';

/** The live page, as a person sees it. */
export class LivePage {
  readonly devices: Locator;
  readonly varFilter: Locator;
  readonly log: Locator;
  readonly logFilter: Locator;
  readonly logLevel: Locator;
  readonly clearLog: Locator;
  /** "↓ 38 new lines" */
  readonly pill: Locator;
  /** "Connection lost …" */
  readonly banner: Locator;
  /** Why nothing can be changed */
  readonly locked: Locator;
  /** "Showing pixel-7. Edits still go to all 3 games." */
  readonly scope: Locator;

  constructor(readonly page: Page) {
    this.devices = page.getByRole('region', { name: 'Devices' });
    this.varFilter = page.getByRole('searchbox', { name: 'Filter variables' });
    this.log = page.getByRole('log');
    this.logFilter = page.getByRole('searchbox', { name: 'Filter log lines' });
    this.logLevel = page.getByRole('combobox', { name: 'Lowest level' });
    this.clearLog = page.getByRole('button', { name: 'Clear', exact: true });
    this.pill = page.getByRole('button', { name: /new lines?$/ });
    this.banner = page.locator('.banner');
    this.scope = page.locator('.pane--vars .scope');
    this.locked = page.getByText('You are a viewer: ask an admin to let you edit.');
  }

  /** The line that the quick start says to paste into a terminal. */
  async netcatLine(): Promise<string> {
    return (await this.page.getByRole('tabpanel').getByLabel('Code to copy').innerText()).trim();
  }

  row(name: string): Locator {
    // the whole name and the type are in the tooltip
    return this.page.locator(`li.var:has(.var-name[title^="${quoted(name)} · "])`);
  }

  /** A group of variables, by its heading. */
  group(heading: string): Locator {
    return this.page.locator('details.group').filter({ has: this.page.getByRole('heading', { name: heading, exact: true }) });
  }

  /** A device's name in the list. */
  device(name: string): Locator {
    return this.devices.getByText(name, { exact: true });
  }

  /** The box that adds a device to the selection. */
  deviceBox(name: string): Locator {
    return this.devices.getByRole('checkbox', { name, exact: true });
  }

  /** Shows a pane, where there is room for only one. */
  async showPane(pane: 'Devices' | 'Variables' | 'Logs'): Promise<void> {
    const tab = this.page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: pane });
    if (await tab.isVisible()) await tab.click();
  }

  slider(name: string): Locator {
    return this.row(name).getByRole('slider');
  }

  /** The field of a number, beside its slider if it has one. */
  number(name: string): Locator {
    return this.text(name);
  }

  /** The field of a text, beside its picker if it is a colour. */
  text(name: string): Locator {
    return this.row(name).locator('input[type=text], textarea');
  }

  toggle(name: string): Locator {
    return this.row(name).getByRole('switch');
  }

  /** The status of the last edit. */
  status(name: string): Locator {
    return this.row(name).locator('.chip');
  }

  /** One line of the log, by a part of its message. */
  logLine(message: string): Locator {
    return this.log.locator('.log-line').filter({ hasText: message });
  }

  async setNumber(name: string, typed: string): Promise<void> {
    await this.setText(name, typed);
  }

  async setText(name: string, typed: string): Promise<void> {
    await this.text(name).fill(typed);
    await this.text(name).press('Enter');
  }

  /** Chooses an option, however the options are shown. */
  async choose(name: string, option: string): Promise<void> {
    const radio = this.row(name).getByRole('radio', { name: option });
    if ((await radio.count()) > 0) await radio.check({ force: true });
    else await this.row(name).getByRole('combobox').selectOption({ label: option });
  }

  /** A measurement's number. */
  async readOnly(name: string): Promise<number> {
    return Number(await this.row(name).locator('output').innerText());
  }

  /** Drags the thumb to a position, from 0 (left) to 1 (right), in many small moves. */
  async dragSlider(name: string, place: number): Promise<void> {
    const slider = this.slider(name);
    await slider.scrollIntoViewIfNeeded();
    const box = await slider.boundingBox();
    if (!box) throw new Error(`${name} has no slider`);
    const { from, to } = await slider.evaluate((input: HTMLInputElement, end) => {
      const [min, max] = [Number(input.min), Number(input.max)];
      return { from: (Number(input.value) - min) / (max - min), to: end };
    }, place);
    // the thumb's centre stays half a thumb away from both ends
    const thumb = 16;
    const x = (part: number) => box.x + thumb / 2 + part * (box.width - thumb);
    const y = box.y + box.height / 2;
    const mouse = this.page.mouse;
    await mouse.move(x(from), y);
    await mouse.down();
    await mouse.move(x(to) + (to > from ? thumb : -thumb), y, { steps: 40 });
    await mouse.up();
  }

  /** The first line that is completely visible. */
  async topLine(): Promise<string> {
    return this.log.evaluate(log => {
      const top = log.getBoundingClientRect().top;
      const lines = [...log.querySelectorAll('.log-line')].map(line => ({ line, y: line.getBoundingClientRect().y }));
      const inSight = lines.filter(({ y }) => y >= top).sort((a, b) => a.y - b.y);
      return inSight[0]?.line.textContent ?? '';
    });
  }

  /** All games have applied the last edit. */
  async expectApplied(name: string, games = 1): Promise<void> {
    await expect(this.status(name)).toContainText(games === 1 ? 'applied' : `${games}/${games} applied`);
  }

  /** The list that a chip opens: a row for each device. */
  deliveries(name: string): Locator {
    return this.row(name).getByRole('group', { name: / on each device$/ });
  }

  /** One device's row in it. */
  delivery(name: string, device: string): Locator {
    return this.deliveries(name).getByRole('listitem').filter({ hasText: device });
  }

  /** Sends the desired value to the games again; in the list that the chip opens. */
  pushAgain(name: string): Locator {
    return this.deliveries(name).getByRole('button', { name: 'Push again' });
  }

  /** Lets go of the edit; in the list that the chip opens. */
  letGo(name: string): Locator {
    return this.deliveries(name).getByRole('button', { name: 'Let go' });
  }

  /** The button to forget a variable; in its row while no connected game has it. */
  forget(name: string): Locator {
    return this.row(name).getByRole('button', { name: /^Forget… / });
  }

  /** The same for an offline device. */
  forgetDevice(name: string): Locator {
    return this.devices.getByRole('button', { name: `Forget… ${name}`, exact: true });
  }

  /** The dialog that both open. */
  get question(): Locator {
    return this.page.getByRole('dialog', { name: /^Forget the / });
  }

  /** The button of an action. */
  action(name: string): Locator {
    return this.row(name).getByRole('button', { name: /^Run / });
  }
}

function quoted(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
