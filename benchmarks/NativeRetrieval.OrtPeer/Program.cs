using NativeRetrieval.OrtPeer;
using NativeRetrieval.PeerProtocol;

if (Avx2Library.IsAskedFor) Avx2Library.Use();
return PeerLoop.Serve(() => new OrtSession(), Console.In, Console.Out);
