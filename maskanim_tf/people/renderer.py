"""Draws people with OpenGL, without a display: on a GPU where there is one, else in software."""

from __future__ import annotations

import dataclasses
import os

# Mesa's software renderer gets one core, as one process draws one clip.
os.environ.setdefault("LP_NUM_THREADS", "1")

import cv2
import moderngl
import numpy as np

from maskanim_tf.people.body import Body
from maskanim_tf.people.camera import View
from maskanim_tf.people.identity import Identity
from maskanim_tf.people.pose import Pose
from maskanim_tf.people.scene import Scene
from maskanim_tf.people.shaders import FS, FS_BG, FS_SH, VS, VS_BG, VS_SH

BACKGROUND, SKIN, HAIR, EYES, MOUTH, CLOTHES, WORN = range(7)
LABELS = ("background", "skin", "hair", "eyes", "mouth", "clothes", "worn")
_SHADOW = 512


@dataclasses.dataclass(frozen=True)
class Rendered:
    """A frame.

    Attributes:
        image: RGB uint8 `[size, size, 3]`.
        labels: uint8 `[size, size]`, an index of `LABELS`.
        depth: float32 `[size, size]`, distance along the view axis in decimetres; 80 where nothing
            is.
    """

    image: np.ndarray
    labels: np.ndarray
    depth: np.ndarray


class Renderer:
    """Draws frames of one size.

    Raises:
        RuntimeError: if OpenGL cannot be used without a display; names the system packages.
    """

    def __init__(self, body: Body, size: int, supersampling: int = 2) -> None:
        self.body, self.size, self.ss = body, size, supersampling
        W = size * supersampling
        try:
            c = self.ctx = moderngl.create_context(standalone=True, backend="egl")
        except Exception as error:
            raise RuntimeError(
                f"no OpenGL without a display ({error}): "
                "apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"
            ) from error
        self.ctex, self.ltex = c.texture((W, W), 3), c.texture((W, W), 1, dtype="u1")
        self.dtex = c.depth_texture((W, W))
        self.fbo = c.framebuffer([self.ctex, self.ltex], self.dtex)
        self.stex = c.depth_texture((_SHADOW, _SHADOW))
        self.stex.compare_func = ""
        self.stex.repeat_x = self.stex.repeat_y = False
        self.sfbo = c.framebuffer(depth_attachment=self.stex)
        self.prog, self.pbg, self.psh = c.program(VS, FS), c.program(VS_BG, FS_BG), c.program(VS_SH, FS_SH)
        n = len(body.rest)
        aux = np.stack([body.occlusion, body.lips, np.where(body.inner_mouth, -1, body.scalp), body.ear], 1)
        teeth = np.unique(body.parts["teeth"])
        aux[teeth, 1] = np.arctan2(body.rest[teeth, 0], body.rest[teeth, 2] - 0.9)
        self.vb = {k: c.buffer(reserve=n * 12) for k in ("pos", "nrm")}
        self.vb["can"] = c.buffer(body.rest.astype("f4").tobytes())
        self.vb["aux"] = c.buffer(aux.astype("f4").tobytes())
        self.vao, self.vsh = {}, {}
        for k, T in body.parts.items():
            ib = c.buffer(T.astype("i4").tobytes())
            self.vao[k] = self._vao(self.vb["pos"], self.vb["nrm"], self.vb["can"], self.vb["aux"], ib)
            self.vsh[k] = c.vertex_array(self.psh, [(self.vb["pos"], "3f", "in_pos")], ib)
        square = c.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes())
        self.vbg = c.vertex_array(self.pbg, [(square, "2f", "in_pos")])
        self.owned = []
        self.btex = None

    def _vao(self, pos, nrm, can, aux, ib):
        return self.ctx.vertex_array(
            self.prog,
            [(pos, "3f", "in_pos"), (nrm, "3f", "in_nrm"), (can, "3f", "in_can"), (aux, "4f", "in_aux")],
            ib,
        )

    def U(self, **k):
        for n, v in k.items():
            if n in self.prog:
                if isinstance(v, (int, float, np.floating)):
                    self.prog[n].value = v
                else:
                    self.prog[n].write(np.asarray(v, "f4").tobytes())

    def set_person(self, identity: Identity) -> None:
        """Takes the looks of a person."""
        for each in self.owned:
            each.release()
        c, I = self.ctx, identity.appearance
        self.id = I
        H, W = I.paint.shape[:2]
        self.ptex = c.texture((W, H), 4, I.paint.tobytes())
        self.ptex.build_mipmaps()
        self.ptex.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        self.ptex.repeat_x = self.ptex.repeat_y = False
        self.owned = [self.ptex]
        self.hv = self.gv = None
        if I.hair is not None:
            p, t, x, a = I.hair
            self.hb = [c.buffer(reserve=p.nbytes), c.buffer(reserve=t.nbytes)]
            ib, ab, xb = c.buffer(I.hT.tobytes()), c.buffer(a.tobytes()), c.buffer(x.tobytes())
            self.hv = self._vao(self.hb[0], self.hb[1], ab, xb, ib)
            self.hs = c.vertex_array(self.psh, [(self.hb[0], "3f", "in_pos")], ib)
            self.owned += [*self.hb, ib, ab, xb, self.hv, self.hs]
        if I.gl is not None:
            p, T = I.gl
            n = np.zeros_like(p)
            cr = np.cross(p[T[:, 1]] - p[T[:, 0]], p[T[:, 2]] - p[T[:, 0]])
            for j in range(3):
                np.add.at(n, T[:, j], cr)
            self.gn = n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)
            self.gb = [c.buffer(reserve=p.nbytes), c.buffer(reserve=p.nbytes)]
            ib, zb = c.buffer(T.tobytes()), c.buffer(np.zeros((len(p), 4), "f4").tobytes())
            self.gv = self._vao(self.gb[0], self.gb[1], self.gb[0], zb, ib)
            self.gs = c.vertex_array(self.psh, [(self.gb[0], "3f", "in_pos")], ib)
            self.owned += [*self.gb, ib, zb, self.gv, self.gs]
        self.U(
            tone=I.tone, lipc=I.lip, hairc=I.hairc, hairc2=I.hairc2, browc=I.browc, red=I.red,
            oily=I.oily, freckle=float(I.freckle), age=float(I.old), scalp=float(I.scalp),
            stubble=float(I.stub), irisc=I.iris, irisr=I.irisr, pupil=I.pupil, seed=I.seed,
            makeup=I.makeup, makeupc=I.makeupc, greyness=I.grey, neckY=I.neckY, neckV=I.neckV,
            patf=I.patf,
        )
        self.prog["pat"].value = I.pat

    def set_scene(self, scene: Scene) -> None:
        """Takes lights, background and film."""
        self.scene = scene
        if self.btex is not None:
            self.btex.release()
        self.btex = self.ctx.texture((scene.bg.shape[1], scene.bg.shape[0]), 3, scene.bg.tobytes())

    def render(self, pose: Pose, view: View, seconds: float = 0.0) -> Rendered:
        """Draws one frame."""
        c, I, sc, body = self.ctx, self.id, self.scene, self.body
        P = pose.positions.copy()
        cloth = np.unique(body.parts["cloth"])
        N = body.normals(P)
        P[cloth] += N[cloth] * np.float32(I.thick)
        self.vb["pos"].write(P.tobytes())
        self.vb["nrm"].write(N.tobytes())
        Ah, At = pose.head, pose.chest
        if self.hv is not None:
            p, t, x, a = I.hair
            ph, pt = p @ Ah[:, :3].T + Ah[:, 3], p @ At[:, :3].T + At[:, 3]
            self.hb[0].write((pt + (ph - pt) * I.hw).astype("f4").tobytes())
            self.hb[1].write((t @ Ah[:, :3].T).astype("f4").tobytes())
        if self.gv is not None:
            self.gb[0].write((I.gl[0] @ Ah[:, :3].T + Ah[:, 3]).astype("f4").tobytes())
            self.gb[1].write((self.gn @ Ah[:, :3].T).astype("f4").tobytes())
        ctr = Ah[:, :3] @ np.array([0, 7.0, 0.4]) + Ah[:, 3]
        z = sc.Ld[0]
        x = np.cross([0, 1, 0], z)
        x /= np.linalg.norm(x)
        LV = np.eye(4)
        LV[:3, :3] = [x, np.cross(z, x), z]
        LV[:3, 3] = -LV[:3, :3] @ ctr
        L = np.diag([1 / 2.3, 1 / 2.3, -1 / 4.0, 1.0]) @ LV
        self.sfbo.use()
        self.sfbo.clear(depth=1.0)
        c.enable(moderngl.DEPTH_TEST)
        c.disable(moderngl.CULL_FACE)
        self.psh["LVP"].write(L.T.astype("f4").tobytes())
        for k in ("skin", "cloth"):
            self.vsh[k].render()
        if self.hv is not None:
            self.hs.render()
        if self.gv is not None:
            self.gs.render()
        self.fbo.use()
        self.fbo.clear(0, 0, 0, depth=1.0)
        self.btex.use(0)
        self.pbg["tex"].value = 0
        d = sc.bgdrift * seconds * 2
        self.pbg["crop"].write(np.array([0.1 + d[0], 0.1 + d[1], 0.8, 0.8], "f4").tobytes())
        self.vbg.render(moderngl.TRIANGLE_STRIP)
        self.stex.use(0)
        self.prog["shadow"].value = 0
        self.ptex.use(1)
        self.prog["paint"].value = 1
        names = [str(n) for n in body.mesh.unit_names]
        self.U(
            MVP=view.matrix.T, LVP=L.T, cam=view.eye, Ld=sc.Ld, Lc=sc.Lc, ambU=sc.ambU,
            ambD=sc.ambD, ambSide=sc.ambS, shadowSoft=float(sc.soft),
            jawopen=float(pose.state.face[names.index("jawOpen")]),
        )
        mat, label = self.prog["mat"], self.prog["label"]

        def draw(vao, m, l):
            mat.value, label.value = m, l
            vao.render()

        c.enable(moderngl.CULL_FACE)
        draw(self.vao["skin"], 0, SKIN)
        c.disable(moderngl.CULL_FACE)
        for s in ("left", "right"):
            self.U(eyeR=(Ah[:, :3] @ pose.eye_rotations[s]).T, eyeC=pose.eye_centers[s])
            draw(self.vao[s + "_eye"], 1, EYES)
        draw(self.vao["teeth"], 2, MOUTH)
        draw(self.vao["tongue"], 3, MOUTH)
        draw(self.vao["lashes"], 6, SKIN)
        self.U(c1=I.c1, c2=I.c2)
        draw(self.vao["cloth"], 4, CLOTHES)
        if self.hv is not None:
            self.U(eyeC=Ah[:, :3] @ I.hcen + Ah[:, 3])
            draw(self.hv, 5, HAIR)
        if self.gv is not None:
            self.U(c1=I.glc)
            draw(self.gv, 7, WORN)
        W, ss = self.size * self.ss, self.ss
        raw = np.frombuffer(self.fbo.read(components=3), np.uint8).reshape(W, W, 3)[::-1]
        labels = np.frombuffer(self.ltex.read(), np.uint8).reshape(W, W)[::-ss, ::ss]
        depth = np.frombuffer(self.dtex.read(), np.float32).reshape(W, W)[::-ss, ::ss]
        near, far = 0.5, 80.0
        depth = 2 * near * far / (far + near - (depth * 2 - 1) * (far - near))
        im = cv2.resize(raw, (self.size, self.size), interpolation=cv2.INTER_AREA) if ss > 1 else raw
        x = (im.astype(np.float32) / 255) ** sc.gam * sc.wb
        g = x.mean(2, keepdims=True)
        x = g + (x - g) * sc.sat
        if sc.blur:
            x = cv2.GaussianBlur(x.astype(np.float32), (0, 0), float(sc.blur))
        noise = np.random.default_rng([sc.grain, int(round(seconds * 1000))])
        x = x + noise.normal(0, sc.noise, x.shape)
        im = (np.clip(x, 0, 1) * 255).astype(np.uint8)
        return Rendered(im, labels.copy(), depth.astype(np.float32))

    def release(self) -> None:
        """Frees everything."""
        self.ctx.release()
