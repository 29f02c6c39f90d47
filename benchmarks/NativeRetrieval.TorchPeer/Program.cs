using NativeRetrieval.PeerProtocol;
using NativeRetrieval.TorchPeer;

return PeerLoop.Serve(() => new TorchWorkloads(), Console.In, Console.Out);
