"""Shaders: ported from the prototype, to be rewritten."""
NOISE = """
float h31(vec3 p){ p=fract(p*vec3(.1031,.1030,.0973)); p+=dot(p,p.yxz+33.33); return fract((p.x+p.y)*p.z); }
float vn(vec3 p){ vec3 i=floor(p), f=fract(p); f=f*f*(3.-2.*f);
 return mix(mix(mix(h31(i),h31(i+vec3(1,0,0)),f.x),mix(h31(i+vec3(0,1,0)),h31(i+vec3(1,1,0)),f.x),f.y),
            mix(mix(h31(i+vec3(0,0,1)),h31(i+vec3(1,0,1)),f.x),mix(h31(i+vec3(0,1,1)),h31(i+vec3(1,1,1)),f.x),f.y),f.z); }
float fbm(vec3 p){ return .5*vn(p)+.3*vn(p*2.03+7.)+.2*vn(p*4.1+3.); }
"""
VS = """
#version 330
in vec3 in_pos; in vec3 in_nrm; in vec3 in_can; in vec4 in_aux;
uniform mat4 MVP; uniform mat4 LVP;
out vec3 P; out vec3 N; out vec3 C; out vec4 X; out vec3 S;
void main(){ P=in_pos; N=in_nrm; C=in_can; X=in_aux; vec4 s=LVP*vec4(in_pos,1.); S=s.xyz/s.w*.5+.5; gl_Position=MVP*vec4(in_pos,1.); }
"""
FS = """
#version 330
in vec3 P; in vec3 N; in vec3 C; in vec4 X; in vec3 S;
layout(location=0) out vec4 o; layout(location=1) out uint ol;
uniform int mat; uniform int label; uniform vec3 cam; uniform vec3 Ld[3]; uniform vec3 Lc[3]; uniform vec3 ambU; uniform vec3 ambD; uniform vec3 ambSide;
uniform sampler2D shadow; uniform sampler2D paint; uniform float seed; uniform float shadowSoft;
uniform vec3 tone; uniform vec3 lipc; uniform vec3 hairc; uniform vec3 hairc2; uniform vec3 browc; uniform float red; uniform float oily; uniform float freckle; uniform float age; uniform float scalp; uniform float stubble;
uniform vec3 irisc; uniform mat3 eyeR; uniform vec3 eyeC; uniform float irisr; uniform float pupil;
uniform vec3 c1; uniform vec3 c2; uniform int pat; uniform float patf; uniform float neckY; uniform float neckV; uniform float jawopen;
uniform float makeup; uniform vec3 makeupc; uniform float curl; uniform float greyness;
""" + NOISE + """
float shad(float bias){ vec2 px=shadowSoft/vec2(textureSize(shadow,0)); float s=0.; float r=h31(vec3(gl_FragCoord.xy,seed))*6.28; 
 vec2 a=vec2(cos(r),sin(r)), b=vec2(-a.y,a.x);
 vec2 off[6]=vec2[6](vec2(0,0),vec2(1,.3),vec2(-.8,.7),vec2(.2,-1.),vec2(-.4,-.5),vec2(.5,.8));
 for(int i=0;i<6;i++){ vec2 q=S.xy+(off[i].x*a+off[i].y*b)*px; s+= (texture(shadow,q).r < S.z-bias)?0.:1.; } return s/6.; }
vec3 envc(vec3 d){ float t=.5+.5*d.y; return mix(ambD,ambU,t)+ambSide*max(0.,d.x*.5+.5*d.z); }
float ggx(float nh,float r){ float a=r*r; float d=nh*nh*(a*a-1.)+1.; return a*a/(3.1416*d*d); }
vec3 lit(vec3 alb, vec3 n, vec3 v, float rough, float f0, float ao, vec3 wrap, float specs){
 vec3 c=alb*envc(n)*ao; float fr=f0+(1.-f0)*pow(1.-max(dot(n,v),0.),5.)*.6;
 for(int i=0;i<3;i++){ float nl=dot(n,Ld[i]); vec3 d=clamp((vec3(nl)+wrap)/(1.+wrap),0.,1.); d*=d*(1.-.25*wrap)+.25*wrap; 
  float sh= i==0? shad(.004) : 1.; vec3 shc=mix(pow(vec3(sh),1./(1.+wrap*2.)),vec3(1.),0.); if(i>0) shc=vec3(.35+.65*ao);
  c+=alb*Lc[i]*d*shc*mix(1.,ao,.5); vec3 h=normalize(Ld[i]+v); 
  c+=Lc[i]*fr*specs*ggx(max(dot(n,h),0.),rough)*max(nl,0.)*sh*.6*ao; }
 c+=envc(reflect(-v,n))*fr*specs*ao*.7; return c; }
void main(){
 vec3 n=normalize(N); vec3 v=normalize(cam-P); float ao=X.x; vec3 col; ol=uint((mat==0&&X.z<-.5)?4:label);
 if(mat==0){ // skin. X = ao, lips, scalp, ear
  if(dot(n,v)<-.15 && X.w<.5) n=n; 
  vec2 uv=vec2(C.x/2.2+.5,(C.y-5.9)/2.7); float front=smoothstep(.15,.55,C.z); vec4 pt=texture(paint,uv)*front;
  float m=fbm(C*3.+seed)-.5; float m2=fbm(C*14.+seed*2.)-.5; float pore=vn(C*70.);
  vec3 alb=tone*(1.+.22*m+.16*m2);
  // redness: cheeks, nose, ears, chin
  float ck=exp(-pow(length((vec3(abs(C.x),C.y,C.z)-vec3(.48,6.93,1.2))/vec3(.28,.22,.5)),2.)); float ns=exp(-pow(length((C-vec3(0.,6.95,1.75))/vec3(.16,.16,.3)),2.));
  float rd=red*(.9*ck+.9*ns+.7*X.w+.25*exp(-pow((C.y-6.25)/.15,2.))+.6*max(m,0.));
  alb*=mix(vec3(1.),vec3(1.08,.72,.68),clamp(rd,0.,1.));
  // eye socket darkening
  float es=exp(-pow(length((vec2(abs(C.x),C.y)-vec2(.30,7.17))/vec2(.22,.13)),2.))*front; alb*=mix(vec3(1.),vec3(.80,.70,.74),es*(.25+.5*age));
  float lid=exp(-pow(length((vec2(abs(C.x),C.y)-vec2(.33,7.37))/vec2(.22,.07)),2.))*front; alb=mix(alb,makeupc*tone*1.2,lid*makeup);
  // freckles / moles
  float fk=smoothstep(.72,.82,vn(C*22.+seed*3.))*freckle*(ck+ns+.3); alb*=mix(vec3(1.),vec3(.72,.55,.45),clamp(fk,0.,.8));
  float mo=smoothstep(.93,.95,vn(C*6.5+seed*5.)); alb*=1.-.45*mo;
  // age wrinkles: forehead
  float wr=0.; if(age>.05){ float fy=C.y+.03*vn(C*vec3(4.,1.,1.)+seed); wr=smoothstep(.5,1.,sin(fy*62.))*smoothstep(7.58,7.7,C.y)*smoothstep(8.05,7.9,C.y)*front*age*smoothstep(.75,.5,abs(C.x)); }
  alb*=1.-.18*wr-.28*age*pt.a;
  // lips
  float lp=smoothstep(.30,.62,X.y); vec3 lc=lipc*(1.+.3*(vn(C*vec3(40.,8.,8.))-.5)); alb=mix(alb,lc,lp*.85);
  // stubble and brows
  float st=clamp(pt.b*stubble*(.55+.9*vn(C*55.+seed)),0.,1.)*(1.-lp); alb=mix(alb,mix(hairc*.7+.02,tone*vec3(.55,.58,.62),.35*(1.-stubble*.5)),st*.75);
  alb=mix(alb,browc,clamp(pt.g,0.,1.)*.93);
  // hair-covered scalp
  float sc=smoothstep(.35,.65,X.z+.25*(vn(C*9.+seed)-.5)+.15*(vn(C*45.)-.5)); float sn=.6+.8*vn(C*vec3(38.,38.,38.)+seed); 
  alb=mix(alb,hairc*sn,sc*scalp*.93);
  float inm=smoothstep(.62,.45,ao)*step(abs(C.x),.45)*step(C.y,6.85)*step(6.35,C.y)*smoothstep(1.5,1.3,C.z); // inside mouth
  alb=mix(alb,vec3(.28,.07,.06),smoothstep(-.3,-.6,X.z));
  // bump
  float e=.012; vec3 bp=C*26.+seed; float b0=vn(bp); vec3 g=vec3(vn(bp+vec3(.3,0,0))-b0,vn(bp+vec3(0,.3,0))-b0,vn(bp+vec3(0,0,.3))-b0);
  vec3 bq=C*75.; float q0=pore; g+=.6*vec3(vn(bq+vec3(.4,0,0))-q0,vn(bq+vec3(0,.4,0))-q0,vn(bq+vec3(0,0,.4))-q0);
  n=normalize(n-(.22+.2*age)*g*(1.-sc)-vec3(0,.5*wr,0));
  float tz=ns+exp(-pow(length((C.xy-vec2(0.,7.75))/vec2(.35,.2)),2.))*front; float rough=mix(.52,.40,clamp(tz*oily,0.,1.)); rough=mix(rough,.33,lp*.7);
  if(X.z<-.5){ rough=.35; ao*=.35*(.4+jawopen);} 
  vec3 wrap=vec3(.46,.17,.09)*(1.-sc*scalp); alb=mix(alb,alb*vec3(1.06,.97,.93),.6); float sp=(.55+.9*oily)*(1.-.8*sc*scalp)*(1.-st*.5)*(1.-.6*pt.g);
  col=lit(alb,n,v,rough,.028,ao,wrap,sp);
  // thin translucency on ears and rim
 } else if(mat==1){ // eye
  vec3 d=normalize(transpose(eyeR)*(P-eyeC)); float a=acos(clamp(d.z,-1.,1.)); float an=atan(d.y,d.x);
  float ir=smoothstep(irisr+.03,irisr-.03,a); float pu=smoothstep(pupil+.025,pupil-.025,a);
  vec3 sclera=vec3(.80,.76,.73)*(1.-.12*smoothstep(.5,1.2,a)); float ve=smoothstep(.62,.75,vn(vec3(an*6.,a*9.,seed)))*smoothstep(.5,1.1,a); sclera*=mix(vec3(1.),vec3(1.,.72,.68),ve*.6);
  float fib=vn(vec3(cos(an)*14.,sin(an)*14.,seed+a*2.)); vec3 ic=irisc*(.65+.7*fib)*mix(1.25,.75,smoothstep(pupil,irisr,a)); ic*=1.-.65*smoothstep(irisr-.12,irisr,a);
  vec3 alb=mix(sclera,mix(ic,vec3(.012),pu),ir); float lidao=mix(.5,1.,smoothstep(.55,-.12,d.y))*mix(.62,1.,smoothstep(1.25,.4,abs(atan(d.x,d.z))));
  n=normalize(P-eyeC); col=lit(alb,n,v,.35,.02,lidao*.9,vec3(.3,.2,.2),.3);
  vec3 r=reflect(-v,n); for(int i=0;i<3;i++){ float s=max(dot(r,Ld[i]),0.); col+=Lc[i]*smoothstep(.975,.988,s)*.55*(.35+.65*ir); } col+=envc(r)*.05;
 } else if(mat==2){ // teeth: X.y = arch angle
  float gp=abs(fract(X.y*7.5)-.5); vec3 alb=vec3(.72,.67,.58)*(1.-.35*smoothstep(.40,.5,gp)); float dp=smoothstep(.95,1.45,C.z);
  col=lit(alb*mix(.25,1.,dp),n,v,.3,.04,.75*dp,vec3(.2),.7);
 } else if(mat==3){ col=lit(vec3(.42,.14,.13)*(1.+.4*(vn(C*30.)-.5)),n,v,.4,.03,.45*smoothstep(.7,1.3,C.z),vec3(.3,.1,.1),.8);
 } else if(mat==4){ // clothes
  vec3 q=C; float t=0.; if(pat==1) t=step(.5,fract(q.y*patf)); else if(pat==2) t=step(.5,fract(q.x*patf)); else if(pat==3){ t=.5*step(.5,fract(q.x*patf))+.5*step(.5,fract(q.y*patf)); }
  else if(pat==4) t=smoothstep(.55,.6,vn(q*patf*1.3+seed)); else if(pat==5){ vec2 k=fract(q.xy*patf)-.5; t=step(length(k),.22);} else if(pat==6){ t=step(q.y,neckY-1.2);} 
  float nx=neckV>0.? neckY-neckV+abs(C.x)*neckV/.42 : neckY; float edge=smoothstep(.03,.0,abs(C.y-min(nx,neckY)-.0))*0.;
  vec3 alb=mix(c1,c2,t)*(.86+.28*vn(q*60.)); float w=fbm(q*vec3(1.6,1.1,1.6)+seed); vec3 bp=q*vec3(1.7,1.2,1.7)+seed; float b0=fbm(bp);
  vec3 g=vec3(fbm(bp+vec3(.15,0,0))-b0,fbm(bp+vec3(0,.15,0))-b0,fbm(bp+vec3(0,0,.15))-b0); n=normalize(n-g*2.6); 
  col=lit(alb,n,v,.75,.03,mix(ao,1.,.2)*(.75+.5*w),vec3(.12),.35);
  // neckline cut
  float hem=(neckV>0.&&C.z>0.)? min(neckY,neckY-neckV+abs(C.x)*neckV/.45):neckY; if(length(C.xz-vec2(0.,.0))<1.05 && C.y>hem) discard; if(length(C.xz)<1.12 && C.y>hem-.10) col*=.8;
 } else if(mat==5){ // hair strip: X = u, v(along), id, tint ; N = tangent
  float u=X.x, t=X.y, id=X.z; float s=vn(vec3(u*7.+id*91.,t*1.6,id*17.+seed)); float edge=1.-pow(abs(u*2.-1.),3.); float al=edge*(1.-.75*smoothstep(.72,1.,t)); if(al*1.25<.25+s*.75) discard;
  vec3 T=normalize(N); float fine=vn(vec3(u*16.+id*41.,t*3.,id*7.)); vec3 alb=mix(hairc,hairc2,clamp(X.w+.35*(fine-.5),0.,1.)); float gr=step(1.-greyness,fract(id*7.31+floor(u*5.)*.37)); alb=mix(alb,vec3(.55),gr*.8); alb*=.45+.75*smoothstep(0.,.35,t)*(.6+.6*fine);
  float aoH=C.x; vec3 c=alb*envc(normalize(C.yyy*0.+P-eyeC))*aoH*.9;
  for(int i=0;i<3;i++){ float tl=dot(T,Ld[i]); float tv=dot(T,v); float sl=sqrt(max(0.,1.-tl*tl)), sv=sqrt(max(0.,1.-tv*tv)); float dif=sl; float cs=max(0.,sl*sv-tl*tv);
   vec3 on=normalize(P-eyeC); float fac=smoothstep(-.35,.65,dot(on,Ld[i])); float sh=i==0?mix(.12,1.,shad(.012)):1.; float sh1=fine*.6+.7;
   c+=Lc[i]*fac*sh*aoH*(alb*dif*.75+ (.05*vec3(1.)*pow(cs,60.)+alb*.45*pow(cs,14.))*sh1); } col=c;
 } else if(mat==6){ // lashes X.y = along 
  float rr=length(vec3(abs(C.x),C.y,C.z)-vec3(.308,7.284,1.24)); float up=step(7.265,C.y); float k=vn(vec3(abs(C.x)*95.+C.y*20.,seed,1.)); float tip=smoothstep(.155,.215,rr); if(k<mix(.30,.85,tip)+(1.-up)*.32) discard; col=browc*.35+.004; 
 } else if(mat==7){ col=lit(c1,n,v,.3,.05,1.,vec3(0),1.2);
 } else if(mat==8){ // glass lens
  vec3 r=reflect(-v,n); o=vec4(envc(r)*.25+ Lc[0]*smoothstep(.97,.99,dot(r,Ld[0]))*.6,.18); o.rgb=pow(o.rgb/(1.+o.rgb*.35),vec3(.4545)); return; }
 col=max(col,0.); col=col*(1.+col*.08)/(1.+col*.42); o=vec4(pow(col,vec3(.4545)),1.);
}
"""
VS_BG = """
#version 330
in vec2 in_pos; uniform vec4 crop; out vec2 uv; void main(){ uv=crop.xy+(in_pos*.5+.5)*crop.zw; gl_Position=vec4(in_pos,.9999,1.); }
"""
FS_BG = """
#version 330
in vec2 uv; layout(location=0) out vec4 o; layout(location=1) out uint ol; uniform sampler2D tex; void main(){ ol=0u; o=vec4(texture(tex,uv).rgb,1.); }
"""
VS_SH = """
#version 330
in vec3 in_pos; uniform mat4 LVP; void main(){ gl_Position=LVP*vec4(in_pos,1.); }
"""
FS_SH = """
#version 330
void main(){}
"""
