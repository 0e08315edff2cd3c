"""What is seen on a shape: ported from the prototype, to be rewritten."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

SKIN = np.array([[.86, .62, .50], [.80, .54, .41], [.72, .46, .33], [.62, .38, .25], [.50, .29, .18], [.37, .20, .12], [.25, .13, .08], [.16, .085, .055]])
HAIR = np.array([[.012, .010, .010], [.03, .018, .012], [.07, .037, .02], [.13, .065, .03], [.24, .13, .06], [.42, .28, .13], [.58, .44, .26], [.30, .085, .03], [.30, .29, .28], [.62, .60, .58]])

class Appearance:
    """Skin, hair, clothes and glasses of a person (port of the prototype)."""

    def __init__(self, M, shape, rng):
        self.M = M; r = self.r = rng; self.shape = shape
        self.fem = shape.female; self.old = shape.old; self.joints = shape.joints
        eth = np.array(shape.build.ancestry); self.v = shape.positions.copy()
        t = np.clip(r.beta(1.4, 1.2) * .9 * (1 - eth[0]) * .75 + eth[0] * r.uniform(.45, 1) , 0, 1) * (len(SKIN) - 1); i = min(int(t), len(SKIN) - 2)
        tone = SKIN[i] * (1 - t + i) + SKIN[i + 1] * (t - i); tone = tone * np.exp(r.normal(0, .06, 3)); self.tone = tone
        dark = t / (len(SKIN) - 1); self.dark = dark
        hidx = int(r.choice(len(HAIR), p=np.array([.22, .2, .16, .1, .08, .08, .05, .04, .04, .03]))) if dark < .55 else int(r.choice([0, 0, 0, 1, 1, 2]))
        if self.old > .5 and r.random() < .6: hidx = int(r.choice([8, 9, 8]))
        self.hairc = HAIR[hidx] * np.exp(r.normal(0, .15, 3) * .5); self.hairc2 = np.clip(self.hairc * r.uniform(1.1, 2.2) + r.uniform(0, .05), 0, .8)
        if r.random() < .04: self.hairc = r.uniform(.02, .5, 3); self.hairc2 = self.hairc * 1.4
        self.grey = float(r.uniform(0, .8) * self.old if r.random() < .7 else 0)
        lip = tone * np.array([.95, .62, .60]) * r.uniform(.75, 1.05); 
        if self.fem and r.random() < .45: k = r.uniform(.3, .9); lip = lip * (1 - k) + k * np.array([r.uniform(.25, .65), r.uniform(.03, .2), r.uniform(.05, .25)])
        self.lip = lip; self.makeup = float(r.uniform(.1, .6)) if self.fem and r.random() < .5 else 0.; self.makeupc = r.uniform(.1, .8, 3)
        self.browc = self.hairc * .55 * (1 - .5 * self.grey) + .003 if hidx < 8 else tone * .35
        self.red = float(r.uniform(.15, .75) * (1 - .5 * dark)); self.oily = float(r.beta(1.5, 2)); self.freckle = float(r.random() < .15) * r.uniform(.3, .9) * (dark < .4)
        self.stub = 0.; self.beard = 0.
        if not self.fem:
            k = r.random(); self.stub = 0. if k < .35 else (r.uniform(.2, .5) if k < .65 else r.uniform(.7, 1.))
        self.iris = [np.array(c) for c in ([.06, .03, .015], [.09, .045, .02], [.12, .07, .03], [.13, .14, .06], [.10, .2, .30], [.16, .22, .25], [.07, .15, .10])][int(r.choice(7, p=[.3, .25, .15, .1, .1, .05, .05])) if dark < .5 else int(r.choice([0, 0, 1]))]
        self.irisr = float(r.uniform(.44, .50)); self.pupil = float(r.uniform(.13, .22)); self.seed = float(r.uniform(0, 50))
        # clothes
        cols = lambda: np.clip(cv2.cvtColor(np.float32([[[r.uniform(0, 360), r.beta(1.2, 2), r.beta(1.1, 1.4)]]]), cv2.COLOR_HSV2RGB)[0, 0], .01, .95) ** 1.8
        self.c1, self.c2 = cols(), cols(); self.pat = int(r.choice([0, 0, 0, 0, 1, 2, 3, 4, 5])); self.patf = float(r.uniform(1.2, 9)); self.neckY = float(r.uniform(5.25, 5.95)); self.neckV = float(r.uniform(.35, 1.0)) if r.random() < .4 else 0.
        self.thick = float(r.uniform(.05, .22)); self.glasses = r.random() < .16; self.glw = r.random()
        self.paint = self._paint(); self._hair(); self._glasses()
    def _paint(self):
        r = self.r; H, W = 1350, 1100; sx = W / 2.2; sy = H / 2.7
        px = lambda x, y: (x / 2.2 + .5) * W; py = lambda y: (y - 5.9) / 2.7 * H
        img = np.zeros((H, W, 4), np.float32); brow = np.zeros((H, W), np.float32)
        th = r.uniform(.028, .062) * (.85 if self.fem else 1.1); arch = r.uniform(.02, .09); y0 = r.uniform(7.47, 7.53); x0, x1 = r.uniform(.10, .15), r.uniform(.52, .60); tail = r.uniform(.02, .08); den = int(r.uniform(180, 420)); hl = r.uniform(.07, .12)
        for s in (-1, 1):
            for k in range(den):
                t = r.random() ** .9; x = x0 + (x1 - x0) * t; yc = y0 + arch * np.sin(np.pi * min(t / 1.25, 1)) - tail * t ** 3; w = th * (1 - .72 * t ** 1.6) * min(1, .55 + t * 2.5)
                y = yc + r.uniform(-1, 1) * w; ang = np.interp(t, [0, .25, 1], [1.35, .55, -.35]) + r.normal(0, .18) + (-.5 if y > yc else .15) * t; l = hl * r.uniform(.6, 1.1) * (1 - .4 * t)
                p = (px(s * x, 0), py(y)); q = (px(s * (x + l * np.cos(ang)), 0), py(y + l * .6 * np.sin(ang)))
                cv2.line(brow, (int(p[0] * 8), int(p[1] * 8)), (int(q[0] * 8), int(q[1] * 8)), float(r.uniform(.5, 1)), int(r.choice([1, 2, 2, 3])), cv2.LINE_AA, 3)
        soft = cv2.GaussianBlur(brow, (0, 0), 7); img[:, :, 1] = np.clip(brow * .9 + soft * r.uniform(.3, .9), 0, 1)
        # beard region
        yy, xx = np.mgrid[0:H, 0:W]; X = (xx / W - .5) * 2.2; Y = yy / H * 2.7 + 5.9; ax = np.abs(X)
        jaw = 1 / (1 + np.exp(-((6.62 + 1.5 * np.clip(ax - .38, 0, 1) - Y) / .05))); mous = np.exp(-((Y - 6.79 + .25 * ax) / .06) ** 2) * (ax < .34); mous = cv2.GaussianBlur(mous.astype(np.float32), (0, 0), 8)
        kind = r.choice(['full', 'full', 'goatee', 'mous']); jm = jaw * (ax < .95)
        if kind == 'goatee': jm = jm * np.exp(-(ax / .28) ** 6)
        if kind == 'mous' and self.stub > .6: jm = jm * .25
        img[:, :, 2] = cv2.GaussianBlur(np.clip(np.maximum(jm, mous * 1.1), 0, 1).astype(np.float32), (0, 0), 6)
        # nasolabial + crow's feet lines
        ln = np.zeros((H, W), np.float32)
        for s in (-1, 1):
            pts = np.array([[s * (.20 + .20 * t + .06 * np.sin(t * 3)), 6.95 - .42 * t] for t in np.linspace(0, 1, 20)]); cv2.polylines(ln, [np.int32(np.stack([px(pts[:, 0], 0), py(pts[:, 1])], 1))], False, 1., 7, cv2.LINE_AA)
            for k in range(3):
                a = (k - 1) * .4; cv2.line(ln, (int(px(s * .56, 0)), int(py(7.28 + .03 * k))), (int(px(s * (.56 + .13 * np.cos(a)), 0)), int(py(7.28 + .03 * k + .13 * np.sin(a)))), .7, 4, cv2.LINE_AA)
            pts = np.array([[s * (.16 + .28 * t), 7.14 - .06 * np.sin(np.pi * t)] for t in np.linspace(0, 1, 12)]); cv2.polylines(ln, [np.int32(np.stack([px(pts[:, 0], 0), py(pts[:, 1])], 1))], False, .8, 6, cv2.LINE_AA)
        img[:, :, 3] = cv2.GaussianBlur(ln, (0, 0), 4)
        return (np.clip(img, 0, 1) * 255).astype(np.uint8)
    def _hair(self):
        r = self.r; M = self.M; v = self.v
        st = r.choice(['bald', 'buzz', 'short', 'short', 'crop', 'curly', 'medium', 'back']) if not self.fem else r.choice(['long', 'long', 'long', 'medium', 'bob', 'bob', 'curly', 'tied', 'short'])
        self.style = st; self.scalp = 0. if st == 'bald' else (r.uniform(.6, .95) if st == 'buzz' else 1.); self.hair = None
        if st in ('bald', 'buzz'): return
        P = dict(short=(1700, .35, .9, .10), crop=(1600, .25, .5, .07), curly=(2200, .5, 1.6, .35), medium=(1700, .9, 1.9, .16), back=(1500, .9, 1.5, .12), long=(2000, 2.4, 4.2, .12), bob=(2000, 1.5, 2.2, .13), tied=(1500, 1.2, 1.7, .05))[st]
        n = P[0]; length = r.uniform(P[1], P[2]); vol = P[3] * r.uniform(.6, 1.5)
        T = M.parts['skin'][(M.scalp[M.parts['skin']] > .45).all(1)]; a, b, c = v[T[:, 0]], v[T[:, 1]], v[T[:, 2]]; ar = np.linalg.norm(np.cross(b - a, c - a), axis=1); k = r.choice(len(T), n, p=ar / ar.sum())
        u = r.random((n, 2)); f = u.sum(1) > 1; u[f] = 1 - u[f]; bc = np.stack([1 - u.sum(1), u[:, 0], u[:, 1]], 1); root = (v[T[k]] * bc[:, :, None]).sum(1); canr = (M.rest[T[k]] * bc[:, :, None]).sum(1)
        Nall = M.normals(v); nr = (Nall[T[k]] * bc[:, :, None]).sum(1); nr /= np.linalg.norm(nr, axis=1, keepdims=True)
        bodyv = np.unique(M.parts['skin']); tree = cKDTree(v[bodyv]); Nb = Nall[bodyv]; vb = v[bodyv]
        # comb direction
        px = r.uniform(-.35, .35) if r.random() < .7 else 0.; mode = {'back': 'back', 'tied': 'back'}.get(st, r.choice(['part', 'part', 'fwd', 'back']) if st in ('short', 'crop', 'medium') else ('part' if r.random() < .8 else 'back'))
        sgn = np.where(canr[:, 0] - px > 0, 1., -1.)[:, None]; front = np.clip((canr[:, 2] - .1) / .8, 0, 1)[:, None]
        if mode == 'part': comb = sgn * np.array([1., 0, 0]) * (.5 + .5 * front) + np.array([0, -.3, -.35]) 
        elif mode == 'back': comb = np.array([0, .05, -1.]) + sgn * np.array([.15, 0, 0]) + np.zeros((n, 3))
        else: comb = np.array([.25 * np.sign(px + 1e-3), -.2, 1.]) + sgn * np.array([.35, 0, 0]) + np.zeros((n, 3))
        comb = comb + r.normal(0, .09 if st in ('long','bob','medium','tied','back') else .16, (n, 3)); S = 12; seg = length * r.uniform(.75, 1.1, n) / S
        if st in ('short', 'crop'): seg *= np.interp(canr[:, 1], [6.7, 7.4, 8.0], [.35, .5, 1.])
        if mode == 'fwd' and st != 'curly': seg = np.where(canr[:, 2] > .5, np.minimum(seg, .42 / S * r.uniform(.8, 1.1, n)), seg)
        off = vol * r.uniform(.12, 1.0, n); p = root.copy(); pts = [p.copy()]; nrm = nr.copy(); d = nr * .6 + comb * .6; phase = r.uniform(0, 6.28, n); wave = {'curly': 1.0}.get(st, r.uniform(0, .35) if r.random() < .4 else .03); wl = r.uniform(6, 14)
        grav = {'curly': .10, 'short': .10, 'crop': .05, 'medium': .30, 'back': .12, 'long': .45, 'bob': .5, 'tied': .05}[st]; tie = np.array([0, 7.35, -1.15]) * [1, 1, 1]; hj = self.joints[M.bones.index("head")]
        hc = v[bodyv][M.rest[bodyv][:, 1] > 7.2].mean(0); self.hcen = hc; tiep = v[bodyv][np.argmin(v[bodyv][:, 2] + 3 * np.abs(M.rest[bodyv][:, 1] - 7.5))] if True else 0
        for s in range(S):
            t = (s + 1) / S
            d = d * (.70 if st in ('short','crop','curly','back','tied') else .55) + (comb * .35 * (1 - t) ** 2 + np.array([0, -1., 0]) * grav * (.45 + 1.2 * t)) ; 
            if st == 'curly': d = d * .5 + r.normal(0, .8, (n, 3)) + nr * .45
            if st == 'tied': q = tiep - p; d = d * .5 + 1.2 * q / np.maximum(np.linalg.norm(q, axis=1, keepdims=True), .15)
            # tangent projection against the surface
            dd, ii = tree.query(p); nn = Nb[ii]; near = dd < .5
            dn = (d * nn).sum(1, keepdims=True); d = np.where((near[:, None]) & (dn < 0), d - nn * dn, d); d /= np.maximum(np.linalg.norm(d, axis=1, keepdims=True), 1e-6)
            p = p + d * seg[:, None]
            dd, ii = tree.query(p); h = ((p - vb[ii]) * Nb[ii]).sum(1); want = off * min(1, t * 3) + .015; push = np.clip(want - h, 0, .6) * (dd < .8); p = p + Nb[ii] * push[:, None]
            pts.append(p.copy())
        pts = np.stack(pts, 1)  # n,S+1,3
        if wave > .02:
            tt = np.linspace(0, 1, S + 1)[None, :]; amp = wave * .07 * np.clip(tt * 3, 0, 1) * np.minimum(length, 1.5); pts[:, :, 0] += amp * np.sin(tt * wl + phase[:, None]); pts[:, :, 2] += amp * np.cos(tt * wl * .9 + phase[:, None] * 1.7)
        # kill strips that cross the face
        fc = v[np.argmin(np.linalg.norm(M.rest - np.array([0, 7.0, 1.65]), axis=1))]; eye = v[M.eye_vertices['left']].mean(0); ex = abs(eye[0])
        rel = pts - np.array([0, eye[1], 0]); bad = ((np.abs(rel[:, :, 0]) < ex * r.uniform(1.45, 1.75)) & (rel[:, :, 1] < .10) & (pts[:, :, 2] > .6)).any(1); ok = ~bad; pts = pts[ok]; n = len(pts)
        tan = np.gradient(pts, axis=1); tan /= np.maximum(np.linalg.norm(tan, axis=2, keepdims=True), 1e-6)
        dd, ii = tree.query(pts.reshape(-1, 3)); on = pts - hc; on[:, :, 1] *= np.where(on[:, :, 1] < 0, .15, 1); on /= np.maximum(np.linalg.norm(on, axis=2, keepdims=True), 1e-6)
        side = np.cross(tan, on); side /= np.maximum(np.linalg.norm(side, axis=2, keepdims=True), 1e-6)
        w = (.042 if st not in ('short', 'crop') else .035) * r.uniform(.7, 1.5, n)[:, None, None] * (.55 + .45 * np.linspace(1, .3, S + 1))[None, :, None]
        L, R = pts - side * w, pts + side * w; ids = r.random(n).astype(np.float32); tint = np.clip(r.normal(.45, .3, n), 0, 1); aoH = np.clip(.45 + .55 * (off[ok] / vol), .3, 1)
        pos = np.stack([L, R], 2).reshape(-1, 3); T_ = np.repeat(tan.reshape(-1, 3), 2, 0)
        vv = np.repeat(np.tile(np.linspace(0, 1, S + 1), n), 2); uu = np.tile([0., 1.], n * (S + 1)); idd = np.repeat(ids, (S + 1) * 2); tt = np.repeat(tint, (S + 1) * 2); aa = np.repeat(aoH, (S + 1) * 2)
        base = (np.arange(n) * (S + 1) * 2)[:, None] + (np.arange(S) * 2)[None, :]; b = base.reshape(-1, 1)
        self.hT = np.concatenate([b + [0, 1, 2], b + [1, 3, 2]]).astype(np.int32)
        self.hair = (pos.astype(np.float32), T_.astype(np.float32), np.stack([uu, vv, idd, tt], 1).astype(np.float32), np.stack([aa, aa * 0, aa * 0], 1).astype(np.float32))
        # per-point weight: follows head fully near the head, torso when below the shoulders
        hy = pos[:, 1]; self.hw = np.clip((hy - (hj[1] - 1.6)) / 1.2, 0, 1)[:, None].astype(np.float32)
    def _glasses(self):
        self.gl = None
        if not self.glasses: return
        r = self.r; M = self.M; P, T, o = [], [], 0
        def tube(path, rad, closed):
            nonlocal o
            path = np.asarray(path); n = len(path); K = 6; d = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0); d /= np.linalg.norm(d, axis=1, keepdims=True); up = np.array([0, 0, 1.]) + 1e-3; a = np.cross(d, up); a /= np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-6); b = np.cross(d, a)
            for k in range(K): P.append(path + rad * (a * np.cos(2 * np.pi * k / K) + b * np.sin(2 * np.pi * k / K)))
            for k in range(K):
                for i in range(n if closed else n - 1):
                    j = (i + 1) % n; k2 = (k + 1) % K; T.extend([[o + k * n + i, o + k * n + j, o + k2 * n + i], [o + k2 * n + i, o + k * n + j, o + k2 * n + j]])
            o += K * n
        w, h, ex = r.uniform(.21, .27), r.uniform(.15, .23), r.uniform(2, 4); rad = r.uniform(.008, .022); le = self.v[M.eye_vertices['left']]; zc = le[:, 2].max() + r.uniform(.14, .2); y = le[:, 1].mean() - .03; x = le[:, 0].mean() + .01
        t = np.linspace(0, 2 * np.pi, 28, endpoint=False); se = lambda c: np.sign(c) * np.abs(c) ** (2 / ex)
        earx = np.abs(self.v[M.ear > .5][:, 0]).max() - .05
        for s in (-1, 1):
            tube(np.stack([s * x + w * se(np.cos(t)), y + h * se(np.sin(t)), zc - .25 * np.clip(np.abs(s * x + w * se(np.cos(t))) - .2, 0, 1) ** 1.5], 1), rad, True)
            tube(np.array([[s * (x + w), y + .07, zc - .05], [s * (x + w + .08), y + .08, zc - .15], [s * earx, y + .08, .7], [s * earx, y + .05, .15]]), rad, False)
        tube(np.array([[-x + w, y + .04, zc], [0, y + .07, zc + .03], [x - w, y + .04, zc]]), rad, False)
        self.gl = (np.concatenate(P).astype(np.float32), np.array(T, np.int32)); self.glc = r.uniform(.005, .25, 3) * (r.random() < .5) + .01

