"""What a frozen encoder's outputs are worth: weighted kNN and a linear probe."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augment import plain_views


@torch.no_grad()
def outputs(network: nn.Module, pixels: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Features and embeddings of whole images, in float32. @param pixels uint8 [N, S, S, 3] on the device."""
    network.eval()
    parts = [network(plain_views(some, size)) for some in pixels.split(1000)]
    return torch.cat([features for features, _ in parts]), torch.cat([embedding for _, embedding in parts])


def knn_accuracy(
    bank: Tensor, bank_labels: Tensor, queries: Tensor, query_labels: Tensor, neighbours: int, temperature: float
) -> float:
    """The k most similar by cosine vote for their class with weight exp(cos/T) (arXiv 1805.01978)."""
    bank, queries = F.normalize(bank), F.normalize(queries)
    classes = int(bank_labels.max()) + 1
    right = 0
    for some, labels in zip(queries.split(500), query_labels.split(500)):
        cosines, nearest = (some @ bank.T).topk(min(neighbours, len(bank)), 1)
        votes = torch.zeros(len(some), classes, device=bank.device)
        votes.scatter_add_(1, bank_labels[nearest], (cosines / temperature).exp())
        right += int((votes.argmax(1) == labels).sum())
    return right / len(queries)


def probe_accuracy(
    train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor, decay: float = 1e-4
) -> float:
    """Logistic regression on standardised outputs, by L-BFGS from zero, with decay/2·‖W‖² beside the mean cross-entropy."""
    mean, std = train.mean(0), train.std(0) + 1e-6
    train, test = (train - mean) / std, (test - mean) / std
    classes = int(train_labels.max()) + 1
    weights = torch.zeros(train.shape[1], classes, device=train.device, requires_grad=True)
    bias = torch.zeros(classes, device=train.device, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(train @ weights + bias, train_labels) + decay / 2 * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        return float(((test @ weights + bias).argmax(1) == test_labels).float().mean())
