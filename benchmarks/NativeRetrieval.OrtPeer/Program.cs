using NativeRetrieval.OrtPeer;
using NativeRetrieval.PeerProtocol;

return PeerLoop.Serve(() => new OrtSession(), Console.In, Console.Out);
