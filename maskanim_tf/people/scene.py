"""Lights, background and film: ported from the prototype, to be rewritten."""

from __future__ import annotations

import cv2
import numpy as np

def background(r, N=384):
    h0 = r.uniform(0, 360)
    k = r.choice(['grad', 'blobs', 'boxes', 'noise', 'plain', 'boxes', 'blobs'])
    c = lambda: np.clip(cv2.cvtColor(np.float32([[[(h0 + r.normal(0, 40)) % 360, r.beta(1., 4.), r.beta(1.3, 1.5)]]]), cv2.COLOR_HSV2RGB)[0, 0], 0, 1)
    yy, xx = np.mgrid[0:N, 0:N].astype(np.float32) / N
    a, b = c(), c(); th = r.uniform(0, 6.28); t = np.clip(.5 + (xx - .5) * np.cos(th) + (yy - .5) * np.sin(th), 0, 1)[..., None]; im = a * (1 - t) + b * t
    if k == 'plain': im = np.ones((N, N, 3), np.float32) * a * (1 - .25 * ((xx - .5) ** 2 + (yy - .5) ** 2)[..., None])
    if k == 'blobs':
        for _ in range(r.integers(10, 40)): cv2.circle(im, tuple(int(x) for x in r.integers(0, N, 2)), int(r.integers(6, 70)), tuple(float(x) for x in c()), -1, cv2.LINE_AA)
    if k == 'boxes':
        for _ in range(r.integers(6, 30)):
            p = r.integers(-40, N, 2); q = p + r.integers(10, 220, 2); cv2.rectangle(im, tuple(int(x) for x in p), tuple(int(x) for x in q), tuple(float(x) for x in c()), -1 if r.random() < .8 else int(r.integers(2, 9)), cv2.LINE_AA)
    if k == 'noise' or r.random() < .4:
        n = sum(cv2.resize(r.normal(0, 1, (2 ** j, 2 ** j, 3)).astype(np.float32), (N, N), interpolation=cv2.INTER_CUBIC) / 2 ** (j * .6) for j in range(1, 7)); im = im + n * r.uniform(.03, .2)
    s = r.choice([0.8, 3, 6, 12]); return (np.clip(cv2.GaussianBlur(im.astype(np.float32), (0, 0), float(s)), 0, 1) * 255).astype(np.uint8)

class Scene:
    def __init__(self, rng, plain=False):
        r = rng; self.bg = background(r)
        def d(y, p): v = np.array([np.sin(y) * np.cos(p), np.sin(p), np.cos(y) * np.cos(p)]); return v
        K = r.uniform(.55, 1.5); temp = lambda s=.12: np.exp(np.array([1, .1, -1]) * r.normal(0, s)) * np.exp(r.normal(0, .03, 3))
        self.Ld = np.array([d(r.uniform(-1.15, 1.15), r.uniform(.1, .95)), d(r.uniform(-1.6, 1.6), r.uniform(-.3, .6)), d(np.pi + r.uniform(-1.2, 1.2), r.uniform(0, .8))])
        self.Lc = np.array([temp() * K, temp() * K * r.uniform(.05, .5), temp(.2) * r.choice([0, 0, .5, 1.2]) * r.random()])
        bgm = (self.bg.reshape(-1, 3).mean(0) / 255) ** 2.2; am = r.uniform(.25, .75); self.ambU = (.6 + .4 * bgm / max(bgm.mean(), .05)) * am * temp(.06); self.ambD = self.ambU * r.uniform(.3, .7) ; self.ambS = self.ambU * r.uniform(-.1, .25)
        self.fov = np.deg2rad(r.uniform(14, 34)); self.zoom = r.uniform(.50, .80); self.cx, self.cy = r.normal(0, .04), r.uniform(-.06, .06); self.cyaw, self.cpit = r.normal(0, .12), r.normal(0, .06); self.soft = r.uniform(1, 5); self.bgdrift = r.normal(0, .015, 2) * (r.random() < .4); self.noise = r.uniform(.0, .018); self.blur = r.choice([0, 0, .5, .8]); self.jpg = int(r.integers(70, 97)); self.gam = r.uniform(.85, 1.2); self.wb = np.exp(r.normal(0, .04, 3)); self.sat = r.uniform(.8, 1.15); self.grain = int(r.integers(2**31))

