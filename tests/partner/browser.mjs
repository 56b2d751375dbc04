// A person's browser without JavaScript: cookies, links, forms as they stand in the page, redirects one by one.
//
// It reads forms the way our templates write them and is no parser of HTML at large.

import assert from 'node:assert/strict'

export class Browser {
  #origin
  #cookies = new Map()

  /** A browser that stays with `origin`: wherever else a page leads is for the caller to look at. */
  constructor(origin) {
    this.#origin = origin
  }

  /** Goes to `address` as from a bookmark or another site. */
  open(address) {
    return this.#go(new URL(address, this.#origin), { method: 'GET' }, 'cross-site')
  }

  /** Sends the one form of `page` that goes to `action` and has `button` (`[name, value]`), with the boxes in `ticks`. */
  submit(page, action, button, ticks = []) {
    const [name, value] = button
    const form = page.forms.find((form) => form.action === action && form.has('button', name, value))
    assert(form, `no form to ${action} with a button ${name}=${value} on ${page.address.pathname}`)
    const fields = form.sent(ticks)
    fields.append(name, value)
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: this.#origin }
    return this.#go(new URL(action, this.#origin), { method: 'POST', body: fields.toString(), headers }, 'same-origin')
  }

  /** Follows redirects as long as they stay here. The answer is a page, or `away`, an address elsewhere. */
  async #go(address, request, site) {
    for (let hops = 0; hops < 5; hops += 1) {
      const response = await fetch(address, {
        ...request,
        redirect: 'manual',
        headers: {
          ...request.headers,
          accept: 'text/html',
          'accept-language': 'en',
          'sec-fetch-site': site,
          cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; '),
        },
      })
      this.#keep(response.headers.getSetCookie())
      const html = await response.text()
      const location = response.headers.get('location')
      if (location === null) return new Page(address, response.status, html)
      const next = new URL(location, address)
      if (next.origin !== this.#origin) return { away: next, status: response.status }
      // Fetch §4.4: what a 303 answers to is asked for with GET; 307 and 308 would send the form again.
      assert([302, 303].includes(response.status), `a ${response.status} answered a form`)
      ;[address, request] = [next, { method: 'GET' }]
    }
    throw new Error('the redirects do not end')
  }

  #keep(cookies) {
    for (const cookie of cookies) {
      const [pair, ...attributes] = cookie.split(';').map((part) => part.trim())
      const [name, ...value] = pair.split('=')
      const over = attributes.some((attribute) => attribute.toLowerCase() === 'max-age=0')
      if (over) this.#cookies.delete(name)
      else this.#cookies.set(name, value.join('='))
    }
  }
}

class Page {
  constructor(address, status, html) {
    this.address = address
    this.status = status
    this.html = html
    this.forms = [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag, inner]) => new Form(tag, inner))
  }
}

class Form {
  constructor(tag, inner) {
    this.action = attributes(tag).action
    this.controls = [...inner.matchAll(/<(input|button|select)\b([^>]*)>/g)].map((found) => {
      const [whole, kind, tag] = found
      const control = { kind, ...attributes(tag) }
      if (kind === 'select') {
        // A select without a selected option sends its first (HTML, the select element).
        const option = /<option\b([^>]*)>/.exec(inner.slice(found.index + whole.length))
        control.value = attributes(option[1]).value
      }
      return control
    })
  }

  has(kind, name, value) {
    return this.controls.some((control) => control.kind === kind && control.name === name && control.value === value)
  }

  /** The boxes of this form, and whether each is ticked before anybody touched it. */
  get boxes() {
    return this.controls.filter((control) => control.type === 'checkbox')
  }

  /** What the browser sends, apart from the button that was pressed. */
  sent(ticks) {
    for (const tick of ticks) {
      assert(this.boxes.some((box) => box.value === tick), `no box ${tick}`)
    }
    const fields = new URLSearchParams()
    for (const control of this.controls) {
      const ticked = control.type !== 'checkbox' || 'checked' in control || ticks.includes(control.value)
      if (control.kind !== 'button' && ticked) fields.append(control.name, control.value)
    }
    return fields
  }
}

function attributes(tag) {
  const found = tag.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)
  return Object.fromEntries([...found].map(([, name, value]) => [name, text(value ?? '')]))
}

function text(escaped) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return escaped.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? whole
    return String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16))
  })
}
